import { once } from "node:events";
import { chmod, readdir, readFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acceptsTcp, type ChildProcess, isRunning, startProcess } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

let directory: TemporaryDirectory;
/** Holds what the service leaves in the system's directory for temporary files. */
let temporary: TemporaryDirectory;
let service: ChildProcess | undefined;
let taken: Server;
let takenPort: string;

beforeEach(async () => {
  directory = await createTemporaryDirectory("failed-start");
  temporary = await createTemporaryDirectory("failed-start-tmp");
  taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  takenPort = String((taken.address() as AddressInfo).port);
});
afterEach(async () => {
  killGroup(service?.pid);
  await service?.stop("SIGKILL");
  service = undefined;
  taken.close();
  await directory.remove();
  await temporary.remove();
});

/** The service and its coturn, even where a test has failed and only coturn runs. */
function killGroup(pid: number | undefined): void {
  try {
    process.kill(-(pid ?? Number.NaN), "SIGKILL");
  } catch {
    // All are gone.
  }
}

function serve(args: readonly string[], env: Record<string, string>): ChildProcess {
  service = startProcess({
    name: "ice-service",
    command: process.execPath,
    args: [program, "serve", ...args],
    cwd: directory.path,
    env: {
      PATH: `${process.env["PATH"]}:/usr/sbin`,
      TMPDIR: temporary.path,
      ICE_HOST: "127.0.0.1",
      ICE_PORT: "0",
      ...env,
    },
  });
  return service;
}

/** Without a signal, unlike `stop`. */
const exitCode = (child: ChildProcess) => child.stop("SIGCONT");
const leftovers = () => readdir(temporary.path);

/** A turnserver that runs, never listens, and says who it is. */
async function installTurnserver(script: string): Promise<Record<string, string>> {
  await chmod(await directory.write("turnserver", `#!/bin/sh\n${script}\n`), 0o755);
  return {
    PATH: `${directory.path}:${process.env["PATH"]}`,
    ICE_TURN_URLS: `turn:127.0.0.1:${await findFreePort()}`,
  };
}
const hangingTurnserver = "echo $$ > turnserver-pid; exec sleep 300";

/** Once the directory of its coturn exists, and coturn runs there. */
const turnserverPid = (child: ChildProcess) =>
  child.untilReady(async () => {
    const [name] = await leftovers();
    const text = await readFile(`${temporary.path}/${name}/turnserver-pid`, "utf8");
    return Number(text) || undefined;
  });

describe("a start with coturn that fails", () => {
  it("ends coturn and removes its directory when the port is in use", async () => {
    const turnPort = await findFreePort();
    const child = serve(["--dev", "--with-coturn"], {
      ICE_PORT: takenPort,
      ICE_TURN_URLS: `turn:127.0.0.1:${turnPort}`,
    });
    expect(await exitCode(child)).toBe(2);
    expect(child.stderr()).toContain("EADDRINUSE");
    expect(await acceptsTcp(turnPort)).toBeUndefined();
    expect(await leftovers()).toEqual([]);
  });

  it("ends coturn when the admin port is in use", async () => {
    const turnPort = await findFreePort();
    const config = await directory.write("ice.yaml", `admin: { port: ${takenPort} }\n`);
    const child = serve(["--dev", "--with-coturn", "--config", config], {
      ICE_TURN_URLS: `turn:127.0.0.1:${turnPort}`,
    });
    expect(await exitCode(child)).toBe(2);
    expect(child.stderr()).toContain("EADDRINUSE");
    expect(await acceptsTcp(turnPort)).toBeUndefined();
    expect(await leftovers()).toEqual([]);
  });

  it("removes the directory when coturn ends at once", async () => {
    const child = serve(
      ["--dev", "--with-coturn"],
      await installTurnserver("echo broken-by-test; exit 1"),
    );
    expect(await exitCode(child)).toBe(2);
    expect(child.stderr()).toContain("broken-by-test");
    expect(await leftovers()).toEqual([]);
  });

  it.each([
    { name: "stops", script: hangingTurnserver },
    { name: "has to be killed", script: `trap '' TERM; ${hangingTurnserver}` },
  ])("ends with 0 when SIGTERM comes meanwhile, and coturn $name", async ({ script }) => {
    const child = serve(["--dev", "--with-coturn"], await installTurnserver(script));
    const pid = await turnserverPid(child);
    expect(await child.stop("SIGTERM")).toBe(0);
    await expect.poll(() => isRunning(pid)).toBe(false);
    expect(await leftovers()).toEqual([]);
  });

  it("leaves nothing behind when a second SIGINT ends it at once", async () => {
    const child = serve(
      ["--dev", "--with-coturn"],
      await installTurnserver(`trap '' TERM INT; ${hangingTurnserver}`),
    );
    const pid = await turnserverPid(child);
    child.signal("SIGINT");
    await child.untilReady(() => child.stderr().includes('"stopping"') || undefined);
    expect(await child.stop("SIGINT")).toBe(130);
    await expect.poll(() => isRunning(pid)).toBe(false);
    expect(await leftovers()).toEqual([]);
  });
});

describe.each([
  { name: "one process", args: [] },
  { name: "two workers", args: ["--workers", "2"] },
])("a start that fails, with $name", ({ args }) => {
  const start = async (config: string, env: Record<string, string> = {}) => {
    await directory.write("tokens.yaml", connectorTokens({ starts: "failed-start-token" }));
    await directory.write("secret", "a-secret-of-this-test-only");
    const file = await directory.write(
      "ice.yaml",
      `auth: { connectorTokensFile: tokens.yaml }\n${config}`,
    );
    return serve([...args, "--config", file], env);
  };
  const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
  const probed =
    "ice: { turn: { urls: ['turn:127.0.0.1:9'], secretFiles: [secret], probe: {} } }\n";

  it.each([
    { name: "the port is in use", config: () => `admin: false\n${probed}`, port: true },
    {
      name: "the admin port is in use",
      config: () => `admin: { port: ${takenPort} }\n${probed}`,
      port: false,
    },
  ])("ends with 2 when $name", async ({ config, port }) => {
    const child = await start(config(), { ...tracing, ...(port && { ICE_PORT: takenPort }) });
    expect(await exitCode(child)).toBe(2);
    expect(child.stderr()).toContain("EADDRINUSE");
    expect(await leftovers()).toEqual([]);
  });

  // Port 8080 is never tried, as the name of its host stays unknown.
  it.each([
    { name: "the port's", env: { ICE_HOST: "slow.test", ICE_PORT: "8080" } },
    { name: "any port's", env: { ICE_HOST: "slow.test", ICE_PORT: "0" } },
    { name: "the admin port's", env: { ICE_ADMIN_HOST: "slow.test", ICE_ADMIN_PORT: "0" } },
  ])("ends with 0 when SIGTERM comes while $name address is looked up", async ({ env }) => {
    const preload = new URL("../parts/slow-listen-lookup.mjs", import.meta.url).href;
    const child = await start("", { ICE_PORT: "0", NODE_OPTIONS: `--import=${preload}`, ...env });
    await child.untilReady(() => child.stderr().includes("looking up") || undefined);
    const sentAtMs = performance.now();
    expect(await child.stop("SIGTERM")).toBe(0);
    // The lookup itself takes a minute.
    expect(performance.now() - sentAtMs).toBeLessThan(30_000);
    expect(child.stderr()).toContain('"stopped"');
    expect(child.stderr()).not.toMatch(/"(ready|error|fatal)"/);
  });
});
