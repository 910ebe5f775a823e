import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { childPids, isRunning, startProcess } from "../parts/child-process.js";
import { holdRequest } from "../parts/held-request.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { startJwksServer } from "../parts/jwks-server.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "signals-test-token";
const settings = {
  files: { "tokens.yaml": connectorTokens({ signals: token }) },
  config: {
    auth: { connectorTokensFile: "tokens.yaml" },
    shutdown: { delay: "0s", timeout: "60s" },
  },
};
const processes = [
  { name: "one process", args: [] },
  { name: "two workers", args: ["--workers", "2"] },
];
const answered = expect.stringMatching(/\r\nHTTP\/1\.1 200/);
/** A process and its workers. */
const tree = (pid: number) => [pid, ...childPids(pid)];
const send = (pids: readonly number[], signal: NodeJS.Signals) => {
  for (const pid of pids) {
    process.kill(pid, signal);
  }
};
const logged = (service: IceService, text: string) =>
  service.logs().filter(({ msg }) => msg === text);

/** Sends the signal all the time until the process is gone. */
async function stopWithMany(
  child: { signal(name: NodeJS.Signals): void; stop(): Promise<number | null> },
  signal: NodeJS.Signals,
): Promise<number | null> {
  const timer = setInterval(() => child.signal(signal), 1);
  try {
    return await child.stop();
  } finally {
    clearInterval(timer);
  }
}

/** Holds up the graceful stop of each worker, as they take turns. */
async function holdRequests(service: IceService) {
  const held = [await holdRequest(service, token), await holdRequest(service, token)];
  return {
    finish: () => held.map(({ finish }) => finish()),
    answers: Promise.all(held.map(({ answer }) => answer)),
  };
}

describe.each(processes)("a signal after the first, with $name", ({ args }) => {
  it("changes nothing if it is SIGTERM, up to the very end", async () => {
    // The end of a process takes a few milliseconds, which one attempt may miss.
    for (let attempt = 0; attempt < 5; attempt++) {
      const service = await startIceService({ ...settings, args });
      expect(await stopWithMany(service, "SIGTERM")).toBe(0);
      expect(logged(service, "stopped")).toHaveLength(1);
    }
  });

  it("changes nothing if all processes get SIGTERM again and again", async () => {
    const service = await startIceService({ ...settings, args });
    const pids = tree(service.pid);
    const held = await holdRequests(service);
    for (let count = 0; count < 20; count++) {
      send(pids, "SIGTERM");
    }
    await expect.poll(() => logged(service, "stopping").length).toBe(1);
    send(pids, "SIGTERM");
    held.finish();
    expect(await held.answers).toEqual([answered, answered]);
    expect(await service.stop()).toBe(0);
    expect(logged(service, "worker ended")).toEqual([]);
  });

  it("changes nothing if it is the first SIGINT", async () => {
    const service = await startIceService({ ...settings, args });
    const held = await holdRequests(service);
    service.signal("SIGTERM");
    await expect.poll(() => logged(service, "stopping").length).toBe(1);
    send(tree(service.pid), "SIGINT");
    held.finish();
    expect(await held.answers).toEqual([answered, answered]);
    expect(await service.stop()).toBe(0);
  });

  it.each([
    { whom: "the process", select: (pids: number[]) => pids.slice(0, 1) },
    { whom: "the whole group, workers first", select: (pids: number[]) => pids.toReversed() },
  ])("ends everything at once if it is the second SIGINT, to $whom", async ({ select }) => {
    const service = await startIceService({ ...settings, args });
    const pids = tree(service.pid);
    const held = await holdRequests(service);
    send(select(pids), "SIGINT");
    await expect.poll(() => logged(service, "stopping").length).toBe(1);
    expect(pids.map(isRunning)).toEqual(pids.map(() => true));
    send(select(pids), "SIGINT");
    expect(await held.answers).not.toContainEqual(answered);
    // Any signal would do: it is too late for them to change anything.
    expect(await service.stop()).toBe(130);
    await expect.poll(() => pids.map(isRunning)).toEqual(pids.map(() => false));
    expect(logged(service, "stopped")).toEqual([]);
  });
});

describe.each(processes)("a signal while $name start", ({ args }) => {
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await createTemporaryDirectory("signals");
  });
  afterAll(() => directory.remove());

  /** The service asks for keys that never come, and is not ready before it has an answer. */
  async function withStartingService(
    run: (child: ReturnType<typeof startProcess>) => Promise<void>,
  ): Promise<void> {
    const silent = await startJwksServer(() => {});
    try {
      const child = startProcess({
        name: "ice-service",
        command: process.execPath,
        args: [
          fileURLToPath(new URL("../../dist/main.js", import.meta.url)),
          ...["serve", ...args],
        ],
        cwd: directory.path,
        env: {
          ICE_HOST: "127.0.0.1",
          ICE_PORT: "0",
          ICE_JWT_ISSUER: "https://login.example.com/",
          ICE_JWT_AUDIENCE: "ice",
          ICE_JWT_JWKS_URL: silent.url.href,
        },
      });
      await child.untilReady(() => silent.requestCount >= Math.max(1, args.length) || undefined);
      await run(child);
    } finally {
      await silent.close();
    }
  }

  it("stops them: exit code 0, without a word of being ready, however often it comes", () =>
    withStartingService(async (child) => {
      expect(await stopWithMany(child, "SIGTERM")).toBe(0);
      expect(child.stderr()).toContain('"stopped"');
      expect(child.stderr()).not.toMatch(/"(ready|error|fatal)"/);
    }));

  it("stops them if the whole group gets SIGINT", () =>
    withStartingService(async (child) => {
      send(tree(child.pid).toReversed(), "SIGINT");
      expect(await child.stop("SIGCONT")).toBe(0);
      expect(child.stderr()).not.toMatch(/"(ready|error|fatal)"/);
    }));
});
