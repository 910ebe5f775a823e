import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "health-watch-token";
const secret = "north-north-north-north";
const listSchema = z.object({ iceServers: z.array(z.object({ urls: z.array(z.string()) })) });

const probe = { interval: "2s", timeout: "1s", failures: 2, successes: 2 };
/** What docs/health.md promises for these, the tenth of each interval included. */
const configuredMs = 2 * 2_200 + 1_000;
/** For a machine that does other things as well; less than another interval. */
const busyMs = 1_500;
const inTime = <T>(check: () => T) =>
  expect.poll(check, { timeout: configuredMs + busyMs, interval: 50 });

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

/** The TURN URLs of an answer, by a connection of its own, which workers get in turn. */
async function getUrls({ url }: IceService): Promise<string> {
  const response = await fetch(`${url}/api/v1/ice-servers`, {
    headers: { authorization: `Bearer ${token}`, connection: "close" },
  });
  const { iceServers } = listSchema.parse(await response.json());
  return iceServers.flatMap(({ urls }) => urls).join(" ");
}

describe.each([
  ["one process", []],
  ["two workers", ["--workers", "2"]],
])("with three servers and %s", (_, args) => {
  let coturns: readonly [Coturn, Coturn, Coturn];
  beforeEach(async () => {
    const startOne = () => startCoturn({ secrets: [secret] });
    coturns = await Promise.all([startOne(), startOne(), startOne()]);
  });
  afterEach(() => Promise.all(coturns.map((coturn) => coturn.stop())));

  it.each<[string, (goes: Coturn) => Promise<void>, (goes: Coturn) => Promise<Coturn>]>([
    ["ends", (goes) => goes.stop(), ({ port }) => startCoturn({ secrets: [secret], port })],
    [
      "falls silent",
      async (goes) => goes.signal("SIGSTOP"),
      async (goes) => {
        goes.signal("SIGCONT");
        return goes;
      },
    ],
  ])(
    "one that %s leaves answers and watches in the configured time, until it is back",
    async (_end, end, restart) => {
      const [goes, ...stay] = coturns;
      const urls = coturns.map(({ port }) => `turn:127.0.0.1:${port}`);
      const service = await startIceService({
        args,
        files: { "tokens.yaml": connectorTokens({ watcher: token }), "turn.secret": secret },
        config: {
          auth: { connectorTokensFile: "tokens.yaml" },
          ice: { stunUrls: [], turn: { urls, secretFiles: ["turn.secret"], probe } },
          shutdown: { delay: "0s", timeout: "1s" },
        },
      });
      const watches = await Promise.all(Array.from({ length: 8 }, () => watch(service)));
      const watched = () => [...new Set(watches.map(({ lists }) => lists.join(", then ")))];
      const answered = async () => [await getUrls(service), await getUrls(service)];
      const all = urls.join(" ");
      const others = urls.slice(1).join(" ");
      try {
        await inTime(watched).toEqual([all]);
        await end(goes);
        await inTime(async () => [await answered(), watched()]).toEqual([
          [others, others],
          [`${all}, then ${others}`],
        ]);
        coturns = [await restart(goes), ...stay];
        await inTime(async () => [await answered(), watched()]).toEqual([
          [all, all],
          [`${all}, then ${others}, then ${all}`],
        ]);
      } finally {
        await Promise.all(watches.map((each) => each.end()));
        await service.stop();
      }
    },
  );
});
