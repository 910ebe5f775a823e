import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { token } from "./called-service.js";
import { findPythonTool } from "./python-tools.js";

const tools = join(findPythonTool("schemathesis"), "bin");
const watchPath = "/api/v1/ice-servers:watch";

let directory: TemporaryDirectory;
let services: Record<"full" | "bare", IceService>;
beforeAll(async () => {
  directory = await createTemporaryDirectory("schemathesis");
  const start = (ice: object, mayNameUsers: boolean) =>
    startIceService({
      files: {
        "tokens.yaml": connectorTokens({ foreign: token }, mayNameUsers ? ["foreign"] : []),
        "turn.secret": "north-north-north",
      },
      config: {
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: { stunUrls: ["stun:stun.example.com"], ...ice },
        // Watches end soon.
        listen: { maxConnectionAge: "1s" },
        shutdown: { delay: "0s", timeout: "0s" },
      },
    });
  const secretFiles = ["turn.secret"];
  const regions = {
    eu: { urls: ["turn:eu.example.com"] },
    us: { urls: ["turn:us.example.com"] },
  };
  services = {
    full: await start({ turn: { secretFiles, regions, defaultRegion: "eu" } }, true),
    bare: await start({}, false),
  };
});
afterAll(async () => {
  await Promise.all(Object.values(services).map((service) => service.stop()));
  await directory.remove();
});

/** @returns what it reports; rejects when it has found a fault */
async function runSchemathesis({ url }: IceService, args: readonly string[]): Promise<string> {
  const { stdout } = await runProgram(
    join(tools, "schemathesis"),
    [
      ...["--config-file", join(import.meta.dirname, "schemathesis.toml")],
      ...["run", `${url}/openapi.json`, "--no-color", "--generation-deterministic"],
      ...["--continue-on-failure", ...args],
    ],
    // It keeps what it has found in the folder where it runs.
    { timeout: 200_000, cwd: directory.path },
  ).catch((error: unknown) => {
    const report = error instanceof Object && "stdout" in error ? error.stdout : "";
    throw new Error(`schemathesis has found a fault:\n${report}`, { cause: error });
  });
  return stdout;
}

const authorization = ["--header", `Authorization: Bearer ${token}`];
const countCases = (report: string) => Number(/(\d+) generated/.exec(report)?.[1] ?? 0);

describe("openapi.json", () => {
  it.each<[what: string, service: "full" | "bare", args: string[]]>([
    ["a caller with all rights, with TURN and regions", "full", authorization],
    ["a caller without rights, without TURN", "bare", authorization],
    ["a caller without token", "full", []],
  ])("holds for all routes but the watch: %s", async (_, service, args) => {
    const report = await runSchemathesis(services[service], [
      ...args,
      ...["--exclude-path", watchPath, "--max-examples", "10", "--max-time", "30"],
    ]);
    expect(countCases(report)).toBeGreaterThan(100);
  });

  it("holds for the watch, event by event", async () => {
    const report = await runSchemathesis(services.full, [
      ...authorization,
      ...["--include-path", watchPath, "--max-examples", "3", "--workers", "4"],
      ...["--max-time", "30"],
    ]);
    expect(countCases(report)).toBeGreaterThan(100);
  });
});

it("No request of all of these was our fault", async () => {
  for (const service of Object.values(services)) {
    const faults = service.logs().filter(({ level }) => level === "error");
    expect(faults).toEqual([]);
  }
});
