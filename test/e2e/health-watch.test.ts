import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "health-watch-token";
const secret = "north-north-north-north";
const listSchema = z.object({ iceServers: z.array(z.object({ urls: z.array(z.string()) })) });

/** Longer than failures × interval + timeout: the machine may be busy. */
const eventually = <T>(check: () => T) => expect.poll(check, { timeout: 20_000, interval: 100 });

interface Watch {
  /** The TURN URLs of each list, in the order in which the lists came. */
  readonly lists: string[];
  end(): Promise<void>;
}

async function watch({ url }: IceService): Promise<Watch> {
  const ending = new AbortController();
  const response = await fetch(`${url}/api/v1/ice-servers:watch`, {
    headers: { authorization: `Bearer ${token}` },
    signal: ending.signal,
  });
  const lists: string[] = [];
  const reading = (async () => {
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk);
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const data of events.flatMap((event) => /^data: ?(.*)$/m.exec(event)?.[1] ?? [])) {
        const { iceServers } = listSchema.parse(JSON.parse(data));
        lists.push(iceServers.flatMap(({ urls }) => urls).join(" "));
      }
    }
  })().catch(() => {});
  return {
    lists,
    async end() {
      ending.abort();
      await reading;
    },
  };
}

describe.each([
  ["one process", []],
  ["two workers", ["--workers", "2"]],
])("every watch of %s", (_, args) => {
  let stays: Coturn;
  let goes: Coturn;
  beforeAll(async () => {
    [stays, goes] = await Promise.all([
      startCoturn({ secrets: [secret] }),
      startCoturn({ secrets: [secret] }),
    ]);
  });
  afterAll(() => Promise.all([stays.stop(), goes.stop()]));

  it("gets a new list when a server goes down, and when it is back", async () => {
    const { port } = goes;
    const one = `turn:127.0.0.1:${stays.port}`;
    const other = `turn:127.0.0.1:${port}`;
    const service = await startIceService({
      args,
      files: { "tokens.yaml": connectorTokens({ watcher: token }), "turn.secret": secret },
      config: {
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: {
          stunUrls: [],
          turn: {
            urls: [one, other],
            secretFiles: ["turn.secret"],
            probe: { interval: "1s", failures: 2, successes: 2 },
          },
        },
        shutdown: { delay: "0s", timeout: "1s" },
      },
    });
    const watches = await Promise.all(Array.from({ length: 8 }, () => watch(service)));
    const seen = () => [...new Set(watches.map(({ lists }) => lists.join(", then ")))];
    try {
      const both = `${one} ${other}`;
      await eventually(seen).toEqual([both]);
      await goes.stop();
      await eventually(seen).toEqual([`${both}, then ${one}`]);
      goes = await startCoturn({ secrets: [secret], port });
      await eventually(seen).toEqual([`${both}, then ${one}, then ${both}`]);
    } finally {
      await Promise.all(watches.map((each) => each.end()));
      await service.stop();
    }
  }, 60_000);
});
