import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { childPids, isRunning, startProcess } from "../parts/child-process.js";
import { fetchOnce, startLoad } from "../parts/fresh-connection-load.js";
import { holdRequest } from "../parts/held-request.js";
import { type IceService, type IceServiceOptions, startIceService } from "../parts/ice-service.js";
import { startJwksServer } from "../parts/jwks-server.js";
import { startReconfigurableService } from "../parts/reconfigurable-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "workers-test-token-1";
const headers = { authorization: `Bearer ${token}` };
/** For `fetch`: on a connection of its own. */
const fresh = { headers: { connection: "close" } };
const route = "/api/v1/ice-servers";
const settings = {
  files: { "tokens.yaml": connectorTokens({ workers: token }) },
  config: {
    auth: { connectorTokensFile: "tokens.yaml" },
    shutdown: { delay: "0s", timeout: "5s" },
  },
};
/** Leaves a busy machine the time to look on while it drains. */
const draining = {
  ...settings,
  config: { ...settings.config, shutdown: { delay: "4s", timeout: "5s" } },
};
const startWorkers = (workers: string, options: IceServiceOptions = settings) =>
  startIceService({ ...options, args: ["--workers", workers] });
const serving = (service: IceService) =>
  new Set(service.logs().flatMap(({ msg, pid }) => (msg === "request" ? [pid] : [])));
const logged = (service: IceService, text: string) =>
  service.logs().filter(({ msg }) => msg === text);
/** Other processes are waited for, on a machine that may be busy. */
const eventually = <T>(probe: () => T) => expect.poll(probe);

describe("serve --workers 2", () => {
  it("serves with both on one free port, and says so once", async () => {
    const service = await startWorkers("2");
    try {
      await eventually(async () => {
        await fetchOnce(service.url + route, headers);
        return serving(service);
      }).toEqual(new Set(childPids(service.pid)));
      expect(serving(service).size).toBe(2);
      expect(logged(service, "ready")).toEqual([
        expect.objectContaining({ url: service.url, workers: 2 }),
      ]);
      expect(service.stdout()).toBe("");
    } finally {
      expect(await service.stop()).toBe(0);
    }
  });

  it("writes whole lines to the log, whoever else writes", async () => {
    const service = await startWorkers("2");
    const load = startLoad(service.url + route, headers, 16);
    await eventually(load.answered).toBeGreaterThan(500);
    await load.stop();
    expect(await service.stop()).toBe(0);
    // logs() throws at a line that is no JSON.
    expect(logged(service, "request").length).toBeGreaterThan(500);
  });

  it("is not noticed to lose a worker, and replaces it; ever later, if that dies as well", async () => {
    const service = await startWorkers("2");
    const load = startLoad(service.url + route, headers, 8);
    const ends = () => logged(service, "worker ended");
    const kill = async (count: number) => {
      const answered = load.answered();
      await eventually(load.answered).toBeGreaterThan(answered + 50);
      const pid = Number(logged(service, "worker replaced").at(-1)?.["pid"] ?? first);
      process.kill(pid, "SIGKILL");
      await eventually(() => ends().at(-1)).toMatchObject({ pid, signal: "SIGKILL" });
      await eventually(() => logged(service, "worker replaced").length).toBe(count);
    };
    const [first = -1, survivor] = childPids(service.pid);
    try {
      await kill(1);
      await kill(2);
      expect(ends().map(({ restartInMs }) => restartInMs)).toEqual([0, 500]);
      const replacement = logged(service, "worker replaced").at(-1)?.["pid"];
      await eventually(() => serving(service)).toContain(replacement);
      expect(new Set(childPids(service.pid))).toEqual(new Set([survivor, replacement]));
    } finally {
      expect(Object.keys(await load.stop())).toEqual(["200"]);
      expect(await service.stop()).toBe(0);
    }
  });

  it("serves every health check with the other worker while one keeps dying", async () => {
    const service = await startWorkers("2");
    const [first = -1, survivor] = childPids(service.pid);
    const check = async () => (await fetch(`${service.url}/healthz`, fresh)).status;
    const checks: number[] = [];
    let pid = first;
    for (let death = 1; death <= 4; death++) {
      process.kill(pid, "SIGKILL");
      await eventually(() => logged(service, "worker ended").length).toBe(death);
      // Each on a connection of its own, at the first attempt, most of them while a place is empty.
      for (let count = 0; count < 15; count++) {
        checks.push(await check());
      }
      await eventually(() => logged(service, "worker replaced").length).toBe(death);
      pid = Number(logged(service, "worker replaced").at(-1)?.["pid"]);
    }
    expect(checks).toEqual(checks.map(() => 200));
    expect(childPids(service.pid)).toContain(survivor);
    const delays = logged(service, "worker ended").map(({ restartInMs }) => restartInMs);
    expect(delays).toEqual([0, 500, 1000, 2000]);
    expect(await service.stop()).toBe(0);
  });

  it("leaves no connection hanging that was on its way to a worker that died", async () => {
    const service = await startWorkers("2");
    const [stuck = -1] = childPids(service.pid);
    try {
      process.kill(stuck, "SIGSTOP");
      const answers = Array.from({ length: 4 }, () => fetchOnce(service.url + route, headers));
      // All but the one that waits for the stuck worker.
      await eventually(() => logged(service, "request").length).toBe(3);
      process.kill(stuck, "SIGKILL");
      expect(await Promise.all(answers)).toEqual(["200", "200", "200", "200"]);
    } finally {
      expect(await service.stop()).toBe(0);
    }
  });

  it("is back on its port after all workers have died at once", async () => {
    const service = await startWorkers("2");
    try {
      for (const pid of childPids(service.pid)) {
        process.kill(pid, "SIGKILL");
      }
      await eventually(() => logged(service, "worker replaced").length).toBe(2);
      expect(await fetchOnce(service.url + route, headers)).toBe("200");
    } finally {
      expect(await service.stop()).toBe(0);
    }
  });
});

describe("serve --workers 2, as it stops", () => {
  it.each<[string, (service: IceService) => void]>([
    ["the primary process gets", ({ signal }) => signal("SIGTERM")],
    [
      "the whole group gets",
      ({ pid }) => {
        for (const each of [...childPids(pid), pid]) {
          process.kill(each, "SIGINT");
        }
      },
    ],
  ])(
    "when %s the signal: is not ready, finishes what is in flight, exits with 0",
    async (_, send) => {
      const service = await startWorkers("2", draining);
      const workers = childPids(service.pid);
      // One each, as they take turns.
      const inFlight = [await holdRequest(service, token), await holdRequest(service, token)];
      const load = startLoad(service.url + route, headers, 4);
      await eventually(load.answered).toBeGreaterThan(20);
      send(service);
      await eventually(() => fetchOnce(`${service.url}/readyz`, {})).toBe("503");
      for (const { finish } of inFlight) {
        finish();
      }
      const finished = expect.stringMatching(/\r\nHTTP\/1\.1 200/);
      expect(await Promise.all(inFlight.map(({ answer }) => answer))).toEqual([finished, finished]);
      expect(workers.map(isRunning)).toEqual([true, true]);
      expect(Object.keys(await load.stop())).toEqual(["200"]);
      const exitCode = service.stop();
      expect(await exitCode).toBe(0);
      expect(workers.map(isRunning)).toEqual([false, false]);
      expect(service.logs().map(({ msg }) => msg)).toContain("stopped");
      expect(logged(service, "worker ended")).toEqual([]);
    },
  );

  it("kills a worker that hangs, and exits with 1", async () => {
    const service = await startWorkers("2", {
      ...settings,
      config: { ...settings.config, shutdown: { delay: "0s", timeout: "1s" } },
    });
    const [pid = -1] = childPids(service.pid);
    process.kill(pid, "SIGSTOP");
    expect(await service.stop()).toBe(1);
    expect(logged(service, "worker did not stop and is killed")).toEqual([
      expect.objectContaining({ pid }),
    ]);
  });

  it("gives workers the time to stop that the last reload has set", async () => {
    const config = (timeout: string) => ({
      ...settings.config,
      shutdown: { delay: "0s", timeout },
    });
    const running = await startReconfigurableService(config("1h"), settings.files, {
      args: ["--workers", "2"],
    });
    await running.configure(config("1s"));
    const [pid = -1] = childPids(running.service.pid);
    process.kill(pid, "SIGSTOP");
    // null if it had to be killed after a minute.
    expect(await running.stop()).toBe(1);
  });

  it("ends the workers when the primary is killed, and they finish what is in flight", async () => {
    const service = await startWorkers("2", draining);
    const workers = childPids(service.pid);
    const inFlight = await holdRequest(service, token);
    const exitCode = service.stop("SIGKILL");
    await eventually(() => isRunning(service.pid)).toBe(false);
    inFlight.finish();
    expect(await inFlight.answer).toMatch(/\r\nHTTP\/1\.1 200/);
    expect(await exitCode).toBe(null);
    await eventually(() => workers.map(isRunning)).toEqual([false, false]);
  });
});

describe("serve --workers, as it starts", () => {
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await createTemporaryDirectory("workers");
    await directory.write("tokens.yaml", settings.files["tokens.yaml"]);
  });
  afterAll(() => directory.remove());

  const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
  const start = (args: string[], env: Record<string, string> = {}) =>
    startProcess({
      name: "ice-service",
      command: process.execPath,
      args: [program, "serve", ...args],
      cwd: directory.path,
      env: { ICE_HOST: "127.0.0.1", ICE_PORT: "0", ...env },
    });
  const withTokens = { ICE_CONNECTOR_TOKENS_FILE: "tokens.yaml" };
  /** Waits for the end of a program that ends by itself. */
  const ended = async (child: ReturnType<typeof start>) => {
    const exitCode = await child.stop("SIGCONT");
    return { exitCode, stdout: child.stdout(), stderr: child.stderr() };
  };

  it.each<[string[], RegExp]>([
    [["--workers", "0"], /--workers: "0" is not/],
    [["--workers", "x"], /--workers: "x" is not/],
    [["--workers", "1.5"], /--workers: "1\.5" is not/],
    [["--workers", "257"], /--workers: "257" is not/],
    [["--workers="], /--workers: "" is not/],
    [["--dev", "--workers", "2"], /--workers: .*--dev/],
  ])("refuses %j: exit code 2, and what to write", async (args, text) => {
    const { exitCode, stdout, stderr } = await ended(start(args, withTokens));
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(text);
    expect(stderr).toMatch(/→ ./);
  });

  it("tells what is wrong with the configuration once", async () => {
    const { exitCode, stderr } = await ended(
      start(["--workers", "4"], { ICE_CONNECTOR_TOKENS_FILE: "missing.yaml" }),
    );
    expect(exitCode).toBe(2);
    expect(stderr.match(/connectorTokensFile/g)).toHaveLength(1);
  });

  it("tells once that the port is taken", async () => {
    const other = await startIceService(settings);
    try {
      const { exitCode, stderr } = await ended(
        start(["--workers", "2"], {
          ...withTokens,
          ICE_PORT: String(other.port),
          ICE_ADMIN_PORT: "0",
        }),
      );
      expect(exitCode).toBe(2);
      expect(stderr.match(/EADDRINUSE/g)).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  it("stops everything when a worker dies before it was ever ready", async () => {
    const silent = await startJwksServer(() => {});
    const child = start(["--workers", "2"], {
      ICE_JWT_ISSUER: "https://login.example.com/",
      ICE_JWT_AUDIENCE: "ice",
      ICE_JWT_JWKS_URL: silent.url.href,
    });
    try {
      // Each asks for the keys before it is ready.
      await child.untilReady(() => silent.requestCount === 2 || undefined);
      const [pid = -1] = childPids(child.pid);
      process.kill(pid, "SIGKILL");
      const { exitCode, stderr } = await ended(child);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(`worker ${pid} ended before it was ready (SIGKILL)`);
      expect(stderr).not.toMatch(/"ready"/);
    } finally {
      await child.stop("SIGKILL");
      await silent.close();
    }
  });

  it("auto makes one for each processor", async () => {
    const service = await startWorkers("auto");
    const [ready] = logged(service, "ready");
    expect(ready?.["workers"] ?? 1).toBe(availableParallelism());
    expect(await service.stop()).toBe(0);
  });

  it("1 is the one process that it is without the option", async () => {
    const service = await startWorkers("1");
    expect(await fetchOnce(service.url + route, headers)).toBe("200");
    expect(childPids(service.pid)).toEqual([]);
    expect(await service.stop()).toBe(0);
    expect(service.logs().map(({ msg }) => msg)).toEqual([
      "ready",
      "request",
      "stopping",
      "stopped",
    ]);
    expect(service.logs().filter((line) => "pid" in line || "workers" in line)).toEqual([]);
  });
});
