import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareAnswers } from "../../bench/calls/answer-comparison.js";
import { calls } from "../../bench/calls/call.js";
import { nameMeasurement } from "../../bench/measurements/measurement.js";
import { checkServer } from "../../bench/measurements/throughput.js";
import { throughputRows } from "../../bench/measurements/throughput-rows.js";
import { createTokenSupply } from "../../bench/measurements/token-supply.js";
import { type Fleet, startFleet } from "../../bench/processes/fleet.js";
import { createScene, type Scene } from "../../bench/processes/scene.js";
import { runProgram } from "../parts/child-process.js";

const baselines = throughputRows
  .map(({ theirs }) => theirs)
  .filter(({ server }) => server !== "ice-service");
const distinct = new Map(baselines.map((theirs) => [nameMeasurement(theirs), theirs]));

let scene: Scene;
let fleet: Fleet;

beforeAll(async () => {
  scene = await createScene();
  const servers = baselines.map(({ server }) => server);
  fleet = await startFleet(servers, scene, { node: process.execPath, serviceNodeArgs: [] });
});
afterAll(async () => {
  await fleet.stop();
  await scene.remove();
});

describe("each baseline of the benchmark answers with the service's headers and bytes", () => {
  it.each([...distinct])("%s", async (_, baseline) => {
    const token = createTokenSupply(scene).takeOne(baseline.tokens);
    await checkServer(baseline, fleet, scene, token);
  });
});

describe("compareAnswers", () => {
  const changed = {
    "another body": { body: Buffer.from("{}") },
    "a header more": { headers: [["server", "fast"]] },
    "no headers": { headers: [] },
  } as const;

  it.each(Object.entries(changed))("refuses %s", (_, change) => {
    const { rest } = fleet.models;
    const headers = "headers" in change ? change.headers : rest.headers;
    const theirs = { ...rest, ...change, headers };
    expect(() => compareAnswers("it", calls.rest, rest, theirs)).toThrow(/unlike the service/);
  });
});

describe("npm run bench", () => {
  const program = resolve(import.meta.dirname, "../../bench/dist/bench/main.js");
  const run = (args: readonly string[], env?: Record<string, string>) =>
    runProgram(process.execPath, [program, ...args], env && { env });

  it("explains itself", async () => {
    const { stdout } = await run(["--help"]);
    expect(stdout).toContain("--rounds <n>");
  });

  it("exits with 2 and the command to install a load generator that is missing", async () => {
    await expect(run([], { PATH: scene.directory.path })).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("apt-get install wrk nghttp2-client"),
    });
  });

  it.each([[["--rounds", "0"]], [["--in-flight", "9"]], [["--only", "("]], [["--unknown"]]])(
    "exits with 2 for %j",
    async (args) => {
      await expect(run(args)).rejects.toMatchObject({ code: 2 });
    },
  );
});
