import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { runProgram, startProcess } from "../parts/child-process.js";
import { createSqliteFile } from "../parts/sqlite-file.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const preload = new URL("../parts/kill-at-call.mjs", import.meta.url).href;
const realm = "turn.test";
const firstSecret = "south-south-south-south";

/** A secret file, a configuration that names it, and a database that has it. */
async function createScene() {
  const directory = await createTemporaryDirectory("crash");
  const database = await createSqliteFile("DELETE");
  await database.run(`INSERT INTO turn_secret VALUES ('${realm}', '${firstSecret}')`);
  const secretFile = await directory.write("turn.secret", firstSecret);
  const stateFile = `${secretFile}.rotation.json`;
  await directory.write("connector-tokens.yaml", "tokens: []");
  const config = await directory.write(
    "ice.yaml",
    stringify({
      auth: { connectorTokensFile: "connector-tokens.yaml" },
      ice: { turn: { urls: ["turn:turn.test"], secretFiles: ["turn.secret"], ttl: "1h" } },
    }),
  );
  const args = [program, "secret", "rotate", "--yes", "--turn-db", `sqlite:${database.file}`];
  args.push("--realm", realm, "--config", config);
  const callLog = await directory.write("calls", "");
  return {
    args,
    cwd: directory.path,
    lockFile: `${secretFile}.lock`,
    rotate(killAt = 0) {
      const env = { PATH: process.env["PATH"], KILL_AT: `${killAt}`, KILL_LOG: callLog };
      const options = { env, encoding: "utf8", timeout: 60_000 } as const;
      const node = killAt === 0 ? [] : ["--import", preload];
      const { status, signal, stdout, stderr } = spawnSync(
        process.execPath,
        [...node, ...args],
        options,
      );
      return { status, signal, stdout, stderr };
    },
    /** The calls that were done in all runs that were to be killed. */
    readCalls: async () => (await readFile(callLog, "utf8")).trim().split("\n"),
    readSecret: async () => (await readFile(secretFile, "utf8")).trim(),
    listSecrets: () => database.run("SELECT value FROM turn_secret ORDER BY value"),
    readState: async (): Promise<Record<string, unknown>> =>
      JSON.parse(await readFile(stateFile, "utf8")),
    /** As if so much time had passed since the switch. */
    async letPass(seconds: number) {
      const state = JSON.parse(await readFile(stateFile, "utf8"));
      state.switchedAtSeconds -= seconds;
      await writeFile(stateFile, JSON.stringify(state));
    },
    async stop() {
      await database.stop();
      await directory.remove();
    },
  };
}

/** ttl and margin; the switch is noted with the second that follows it. */
const overlapSeconds = 3600 + 600 + 1;
/** The calls of a run, up to the wait and from there to the end; more than these are not made. */
const beginCalls = 16;
const endCalls = 9;
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("ice-service secret rotate", () => {
  it("makes as many calls as are killed below", async () => {
    const scene = await createScene();
    expect(scene.rotate(1000)).toMatchObject({ status: 0 });
    expect(await scene.readCalls()).toHaveLength(beginCalls);
    await scene.letPass(overlapSeconds);
    expect(scene.rotate(1000)).toMatchObject({ status: 0 });
    expect(await scene.readCalls()).toHaveLength(beginCalls + endCalls);
    await scene.stop();
  });

  it.each(upTo(beginCalls))("can be killed before call %i and run again", async (killAt) => {
    const scene = await createScene();
    expect(scene.rotate(killAt)).toMatchObject({ signal: "SIGKILL" });
    expect(await scene.listSecrets()).toContain(await scene.readSecret());
    expect(await scene.listSecrets()).toContain(firstSecret);

    expect(scene.rotate()).toMatchObject({ status: 0, stdout: /can be removed at/ });
    const secret = await scene.readSecret();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(await scene.listSecrets()).toEqual([secret, firstSecret].sort());
    await scene.stop();
  });

  it.each(upTo(endCalls))(
    "can be killed before call %i of the end and run again",
    async (killAt) => {
      const scene = await createScene();
      scene.rotate();
      const secret = await scene.readSecret();
      await scene.letPass(overlapSeconds);
      expect(scene.rotate(killAt)).toMatchObject({ signal: "SIGKILL" });
      expect(await scene.listSecrets()).toContain(secret);

      expect(scene.rotate()).toMatchObject({ status: 0 });
      expect(await scene.readState()).toMatchObject({ phase: "finished" });
      expect(await scene.readSecret()).toBe(secret);
      expect(await scene.listSecrets()).toEqual([secret]);
      await scene.stop();
    },
  );

  it("lets one at a time do it, and takes over from one that was killed", async () => {
    const scene = await createScene();
    const waiting = startProcess({
      name: "ice-service secret rotate",
      command: process.execPath,
      args: [...scene.args, "--wait"],
      cwd: scene.cwd,
    });
    await waiting.untilReady(() => (waiting.stdout().includes("waiting") ? true : undefined));
    await scene.letPass(overlapSeconds);
    expect(scene.rotate()).toMatchObject({ status: 2 });
    expect(scene.rotate().stderr).toContain("another rotation of this secret is running");
    expect(await scene.listSecrets()).toHaveLength(2);

    await waiting.stop("SIGKILL");
    expect(scene.rotate()).toMatchObject({ status: 0 });
    expect(await scene.listSecrets()).toEqual([await scene.readSecret()]);
    await scene.stop();
  });

  it("several at once do one rotation", async () => {
    const scene = await createScene();
    const runs = [1, 2, 3].map(() => runProgram(process.execPath, scene.args));
    const outputs = (await Promise.allSettled(runs)).map((run) =>
      run.status === "fulfilled" ? run.value.stdout : run.reason.stderr,
    );
    for (const output of outputs) {
      expect(output).toMatch(/can be removed at|another rotation of this secret is running/);
    }
    expect(outputs.join("").match(/switched signing/g)).toHaveLength(1);
    expect(await scene.listSecrets()).toEqual([await scene.readSecret(), firstSecret].sort());
    await scene.stop();
  });
});
