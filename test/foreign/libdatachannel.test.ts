import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type IceServer, PeerConnection, type RelayType } from "node-datachannel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { runProgram } from "../parts/child-process.js";
import { type RelayedLists, startRelayedLists, type TurnServer } from "./relayed-lists.js";

let lists: RelayedLists;
/**
 * On two cores, libdatachannel can wait forever for a certificate that it makes itself, while other
 * connections hold both of its threads (libdatachannel#1611).
 */
let certificate: TestCertificate;
beforeAll(async () => {
  [lists, certificate] = await Promise.all([startRelayedLists(), createCertificate()]);
});
afterAll(() => Promise.all([lists?.stop(), certificate?.stop()]));

const connections: PeerConnection[] = [];
afterAll(() => connections.forEach((connection) => void connection.close()));

function connect(server: IceServer | string): PeerConnection {
  const connection = new PeerConnection("peer", {
    iceServers: [server],
    iceTransportPolicy: "relay",
    certificatePemFile: certificate.certFile,
    keyPemFile: certificate.keyFile,
  });
  connections.push(connection);
  return connection;
}

/** The address that it takes for the server, as in docs/refresh.md. */
function toIceServer(
  { url, username, credential }: TurnServer,
  relayType: RelayType = "TurnUdp",
): IceServer {
  const { hostname, port } = new URL(url.replace("turn:", "turn://"));
  return { hostname, port: Number(port), username, password: credential, relayType };
}

/**
 * The candidates of a connection of its own, once it has gathered all. They come from its description,
 * because the binding can report the end of gathering before the last candidate.
 */
async function gather(server: IceServer | string): Promise<readonly string[]> {
  const connection = connect(server);
  const isComplete = new Promise<void>((resolve) => {
    connection.onGatheringStateChange((state) => state === "complete" && resolve());
  });
  connection.createDataChannel("data");
  await isComplete;
  return connection.localDescription()?.sdp.match(/^a=candidate:.*$/gm) ?? [];
}

/** One whose credential has a slash and a plus. */
async function fetchAwkwardServer(): Promise<TurnServer> {
  for (let ttlSeconds = 600; ; ttlSeconds += 1) {
    const server = await lists.fetchTurnServer(ttlSeconds);
    if (/\/.*\+|\+.*\//.test(server.credential)) {
      return server;
    }
  }
}

describe("libdatachannel", () => {
  it("exchanges messages over relays", async () => {
    const server = toIceServer(await lists.fetchTurnServer(600));
    const [caller, callee] = [connect(server), connect(server)];
    for (const [from, to] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      from.onLocalDescription((sdp, type) => to.setRemoteDescription(sdp, type));
      from.onLocalCandidate((candidate, mid) => to.addRemoteCandidate(candidate, mid));
    }
    callee.onDataChannel((channel) => {
      channel.onMessage((message) => channel.sendMessage(`${message} back`));
    });
    const channel = caller.createDataChannel("data");
    const answer = new Promise((resolve) => channel.onMessage(resolve));
    channel.onOpen(() => channel.sendMessage("there and"));
    expect(await answer).toBe("there and back");
    const pair = caller.getSelectedCandidatePair();
    expect([pair?.local.type, pair?.remote.type]).toEqual(["relay", "relay"]);
  });

  it("runs the bot of the TypeScript client's examples, over relays", async () => {
    const client = join(import.meta.dirname, "../../clients/typescript");
    await runProgram("npm", ["run", "build", "--prefix", client]);
    const caller = connect(toIceServer(await lists.fetchTurnServer(600)));
    const isComplete = new Promise<void>((resolve) => {
      caller.onGatheringStateChange((state) => state === "complete" && resolve());
    });
    const channel = caller.createDataChannel("data");
    await isComplete;
    const bot = spawn("node", [join(client, "examples/echo-bot.mjs"), "--relay"], {
      env: { ...process.env, ICE_URL: lists.url, TOKEN: lists.token },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const exit = once(bot, "exit");
    try {
      bot.stdin.end(caller.localDescription()?.sdp);
      let sdp = "";
      for await (const chunk of bot.stdout) {
        sdp += chunk;
        if (sdp.endsWith("\r\n\n")) {
          break;
        }
      }
      const echo = new Promise((resolve) => channel.onMessage(resolve));
      channel.onOpen(() => channel.sendMessage("hello, bot"));
      caller.setRemoteDescription(sdp.trimEnd().concat("\r\n"), "answer");
      expect(await echo).toBe("hello, bot");
      expect(caller.getSelectedCandidatePair()?.remote.type).toBe("relay");
      caller.close();
      expect(await exit).toEqual([0, null]);
    } finally {
      bot.kill("SIGKILL");
    }
  });

  it("takes a URL whose credential is percent-encoded, whatever characters it has", async () => {
    const { url, username, credential } = await fetchAwkwardServer();
    const address = url.slice("turn:".length);
    const user = `${encodeURIComponent(username)}:${encodeURIComponent(credential)}`;
    // An allocation is refused (437) at a port whose last owner has closed: its relay outlives it.
    await expect
      .poll(() => gather(`turn:${user}@${address}`), { interval: 1_000 })
      .toEqual([expect.stringMatching(/ typ relay /)]);
  });

  it("leaves out TURN over TCP, without an error", async () => {
    expect(await gather(toIceServer(await lists.fetchTurnServer(600), "TurnTcp"))).toEqual([]);
  });
});
