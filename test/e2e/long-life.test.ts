import { expect, it } from "vitest";
import { startLoad } from "../parts/fresh-connection-load.js";
import { startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "long-life-token";
/** At once: V8 decides where to make objects when it has seen a hundred of a kind. */
const connections = 200;
/** Six thousand new connections, one after the other: a busy machine may take minutes. */
const patience = { timeout: 240_000 };
const timeout = 300_000;
const processes = [{ args: [] }, { args: ["--workers", "2"] }];

/** Leaves a process most of its time, however long a collection takes on a busy machine. */
const collectGarbage = `
  import { runInNewContext } from "node:vm";
  const collect = runInNewContext("gc");
  const run = () => {
    const startedAtMs = performance.now();
    collect();
    setTimeout(run, 100 + 10 * (performance.now() - startedAtMs)).unref();
  };
  run();
`;

it.each(processes)(
  "makes all objects in the young generation, with arguments $args",
  { timeout },
  async ({ args }) => {
    const { ofStart, ofLoad } = await traceUnderLoad(args, ["--trace-pretenuring-statistics"]);
    expect(ofStart).toContain("AllocationSite");
    expect(ofLoad).toBe("");
  },
);

it.each(processes)(
  "keeps nextTick optimised when garbage is collected, with arguments $args",
  { timeout },
  async ({ args }) => {
    const { ofStart, ofLoad } = await traceUnderLoad(
      args,
      ["--expose-gc", "--trace-opt", "--trace-deopt"],
      collectGarbage,
    );
    const linesOf = (text: string) => text.split("\n").filter((line) => line.includes(" nextTick"));
    // A slow start is long enough for it.
    expect(linesOf(ofStart + ofLoad).join("\n")).toContain("completed optimizing");
    expect(linesOf(ofLoad).filter((line) => line.includes("weak objects"))).toEqual([]);
  },
);

/**
 * @param flags of V8, for each process of the service
 * @param code of a module that each process runs first
 * @returns what they write until they listen, and from then on
 */
async function traceUnderLoad(args: readonly string[], flags: readonly string[], code = "") {
  const setFlags = `import { setFlagsFromString } from 'node:v8'; setFlagsFromString('${flags.join(" ")}');`;
  // NODE_OPTIONS takes spaces and double quotes for itself.
  const url = `data:text/javascript,${encodeURIComponent(setFlags + code)}`;
  const service = await startIceService({
    args,
    env: { NODE_OPTIONS: `--import=${url}` },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: ["stun:stun.example.com"] },
    },
    files: { "tokens.yaml": connectorTokens({ test: token }) },
  });
  const ofStart = service.stdout();
  const headers = { authorization: `Bearer ${token}` };
  const load = startLoad(`${service.url}/api/v1/ice-servers`, headers, connections);
  try {
    await expect.poll(load.answered, patience).toBeGreaterThan(30 * connections);
  } finally {
    expect(Object.keys(await load.stop())).toEqual(["200"]);
  }
  expect(await service.stop()).toBe(0);
  return { ofStart, ofLoad: service.stdout().slice(ofStart.length) };
}
