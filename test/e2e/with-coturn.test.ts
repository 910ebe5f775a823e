import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ChildProcess, childPids, runProgram, startProcess } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { allocateRelay } from "../parts/turn-allocation.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const turnSchema = z.object({
  iceServers: z.tuple([
    z.object({}),
    z.object({ urls: z.array(z.string()), username: z.string(), credential: z.string() }),
  ]),
});

let service: ChildProcess | undefined;
afterEach(async () => {
  await service?.stop("SIGKILL");
});

async function start(env: Record<string, string>) {
  const directory = await createTemporaryDirectory("with-coturn");
  service = startProcess({
    name: "ice-service --with-coturn",
    command: process.execPath,
    args: [program, "serve", "--dev", "--with-coturn"],
    cwd: directory.path,
    env: { ICE_PORT: "0", ...env },
  });
  return service;
}

async function refusal(args: string[], env: Record<string, string>): Promise<string> {
  const failed = await runProgram(process.execPath, [program, "serve", ...args], { env }).then(
    () => ({ code: 0, stderr: "" }),
    (error: { code: number; stderr: string }) => error,
  );
  expect(failed.code).toBe(2);
  return failed.stderr;
}

describe("serve --dev --with-coturn", () => {
  it("runs a coturn that accepts the credentials, for as long as itself", async () => {
    const port = await findFreePort();
    const turnUrl = `turn:127.0.0.1:${port}`;
    const child = await start({ PATH: process.env["PATH"] ?? "", ICE_TURN_URLS: turnUrl });
    const banner = await child.untilReady(() =>
      child.stdout().includes("Browser console") ? child.stdout() : undefined,
    );
    expect(banner).toContain(`runs at ${turnUrl}`);
    const [, token, url = ""] = /Bearer (\S+)' (http\S+)/.exec(banner) ?? [];
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
    const { username, credential } = turnSchema.parse(await answer.json()).iceServers[1];
    for (const transport of ["udp", "tcp"] as const) {
      expect(await allocateRelay({ port, transport, username, credential })).toMatchObject({
        allocated: true,
      });
    }
    const [coturnPid = -1] = childPids(child.pid);
    expect(await child.stop("SIGTERM")).toBe(0);
    expect(() => process.kill(coturnPid, 0)).toThrow(/ESRCH/);
  });

  it("says so when its coturn dies, and ends with the terminal", async () => {
    const port = await findFreePort();
    const turnUrl = `turn:127.0.0.1:${port}`;
    const child = await start({ PATH: process.env["PATH"] ?? "", ICE_TURN_URLS: turnUrl });
    await child.untilReady(() => (child.stdout().includes(turnUrl) ? true : undefined));
    process.kill(childPids(child.pid)[0] ?? -1, "SIGKILL");
    await expect.poll(() => child.stderr()).toContain("coturn has ended");
    expect(await child.stop("SIGHUP")).toBe(0);
  });

  it("does not say so when the terminal interrupts both", async () => {
    const turnUrl = `turn:127.0.0.1:${await findFreePort()}`;
    const child = await start({ PATH: process.env["PATH"] ?? "", ICE_TURN_URLS: turnUrl });
    await child.untilReady(() => (child.stdout().includes(turnUrl) ? true : undefined));
    const [coturnPid = -1] = childPids(child.pid);
    const stopped = child.stop("SIGINT");
    process.kill(coturnPid, "SIGINT");
    expect(await stopped).toBe(0);
    expect(child.stderr()).not.toContain("coturn has ended");
  });

  it("says what to install where there is none", async () => {
    const port = await findFreePort();
    expect(
      await refusal(["--dev", "--with-coturn"], {
        PATH: "/nowhere",
        ICE_PORT: "0",
        ICE_TURN_URLS: `turn:127.0.0.1:${port}`,
      }),
    ).toMatch(/turnserver is not on the PATH.*apt-get install coturn/s);
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ["without --dev", ["--with-coturn"], {}, /Add --dev/],
    [
      "TURN URLs elsewhere",
      ["--dev", "--with-coturn"],
      { ICE_TURN_URLS: "turn:turn.example.com" },
      /127\.0\.0\.1/,
    ],
    [
      "a secret of somebody else",
      ["--dev", "--with-coturn"],
      { ICE_TURN_SECRET: "another-secret-of-mine" },
      /its own secret/,
    ],
  ])("refuses %s", async (_, args, env, text) => {
    expect(await refusal(args, env)).toMatch(text);
  });
});
