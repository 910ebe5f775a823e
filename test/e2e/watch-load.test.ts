import { once } from "node:events";
import { readdirSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { expect, it } from "vitest";
import { startReconfigurableService } from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "watch-load-token";
const config = (name: string) => ({
  auth: { connectorTokensFile: "tokens.yaml" },
  limits: { watchesPerCaller: 1000 },
  ice: {
    stunUrls: [`stun:${name}.example.com`],
    turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] },
  },
});
const sessionCount = 10;
const streamsPerSession = 100;
const rounds = 4;

/** Ten connections with a hundred watches each: half of them gRPC, half server-sent events. */
async function openWatches(url: string) {
  const seen: string[] = [];
  const sessions: ClientHttp2Session[] = [];
  for (let index = 0; index < sessionCount; index += 1) {
    const session = connect(url);
    sessions.push(session);
    await once(session, "connect");
    for (let streamIndex = 0; streamIndex < streamsPerSession; streamIndex += 1) {
      const position = index * streamsPerSession + streamIndex;
      const authorization = `Bearer ${token}`;
      const isGrpc = streamIndex % 2 === 0;
      const stream = session.request(
        isGrpc
          ? {
              ":method": "POST",
              ":path": "/ice.v1.IceService/WatchIceServers",
              "content-type": "application/grpc",
              te: "trailers",
              authorization,
            }
          : { ":path": "/api/v1/ice-servers:watch", authorization },
      );
      stream.end(isGrpc ? Buffer.alloc(5) : undefined);
      stream.setEncoding("latin1").on("data", (text: string) => {
        seen[position] = /stun:(\w+)\./.exec(text)?.[1] ?? seen[position] ?? "nothing";
      });
    }
  }
  return {
    /** How many have seen each configuration last. */
    countSeen: () => ({
      north: seen.filter((name) => name === "north").length,
      south: seen.filter((name) => name === "south").length,
    }),
    leave() {
      for (const session of sessions) {
        session.destroy();
      }
    },
  };
}

it("a thousand watches all hear of a change, and leave nothing behind", async () => {
  // What a thousand watches take, kept for ever, would not fit into this heap for a second round.
  const running = await startReconfigurableService(
    config("north"),
    { "tokens.yaml": connectorTokens({ load: token }), "turn.secret": "north-north-north-north" },
    { env: { NODE_OPTIONS: "--max-old-space-size=90" } },
  );
  const { url, pid } = running.service;
  const countHandles = () => readdirSync(`/proc/${pid}/fd`).length;
  await fetch(`${url}/health`, { headers: { Connection: "close" } });
  const handlesBefore = countHandles();
  try {
    for (let round = 0; round < rounds; round += 1) {
      const [now, next] = round % 2 === 0 ? ["north", "south"] : ["south", "north"];
      const watches = await openWatches(url);
      const poll = () => expect.poll(watches.countSeen);
      await poll().toMatchObject({ [now]: 1000 });
      await running.configure(config(next));
      await poll().toMatchObject({ [next]: 1000 });
      watches.leave();
      await expect.poll(countHandles).toBeLessThanOrEqual(handlesBefore);
    }
    // None counts as open any more: the limit is as far away as at the start.
    const answer = await fetch(`${url}/api/v1/ice-servers:watch?token=${token}`);
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
    const ends = () =>
      running.service.logs().filter(({ msg, code }) => msg === "request" && code === "canceled");
    await expect.poll(() => ends().length).toBe(rounds * 1000 + 1);
  } finally {
    expect(await running.stop()).toBe(0);
  }
}, 120_000);
