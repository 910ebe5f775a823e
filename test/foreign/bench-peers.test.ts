import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { nameMeasurement } from "../../bench/measurements/measurement.js";
import { checkServer } from "../../bench/measurements/throughput.js";
import { peerThroughputRows } from "../../bench/measurements/throughput-rows.js";
import { createTokenSupply } from "../../bench/measurements/token-supply.js";
import { packageRoot } from "../../bench/package-root.js";
import { type Fleet, startFleet } from "../../bench/processes/fleet.js";
import { buildPeers } from "../../bench/processes/peer.js";
import { createScene, type Scene } from "../../bench/processes/scene.js";
import { runProgram } from "../parts/child-process.js";
import { findGoTool } from "./go-tools.js";

const peers = new Map(peerThroughputRows.map(({ theirs }) => [nameMeasurement(theirs), theirs]));

let scene: Scene;
let fleet: Fleet;
beforeAll(async () => {
  await buildPeers();
  scene = await createScene();
  const servers = [...peers.values()].map(({ server }) => server);
  fleet = await startFleet(servers, scene, { node: process.execPath, serviceNodeArgs: [] });
}, 600_000);
afterAll(async () => {
  await fleet?.stop();
  await scene?.remove();
});

describe("each peer of the benchmark answers with the service's headers and bytes", () => {
  it.each([...peers])("%s", async (_, peer) => {
    const token = createTokenSupply(scene).takeOne(peer.tokens);
    await checkServer(peer, fleet, scene, token);
  });
});

describe("bench/peers/go", () => {
  it("passes gofmt, go vet, and staticcheck", { timeout: 300_000 }, async () => {
    const options = { cwd: join(packageRoot, "bench/peers/go") };
    expect((await runProgram("gofmt", ["-l", "."], options)).stdout).toBe("");
    await runProgram("go", ["vet", "./..."], options);
    await runProgram(findGoTool("staticcheck"), ["./..."], options);
  });
});

describe("buildPeers", () => {
  it("says what to install on a machine without Go", async () => {
    vi.stubEnv("PATH", "/nonexistent");
    await expect(buildPeers()).rejects.toThrow("--peers needs Go");
    vi.unstubAllEnvs();
  });
});
