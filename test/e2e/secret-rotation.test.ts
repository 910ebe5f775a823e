import { execFile, spawn } from "node:child_process";
import { createSecretKey } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { TurnCredential } from "../../src/turn/provider.js";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { runProgram } from "../parts/child-process.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { allocateRelay } from "../parts/turn-allocation.js";
import { type TurnDatabase, turnDatabases } from "../parts/turn-databases.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const realm = "turn.test";
const firstSecret = "south-south-south-south";
const strangeSecret = "east-east-east-east";
const token = "connector-token";

describe.each(Object.entries(turnDatabases))("a rotation in %s", (_, startDatabase) => {
  let directory: TemporaryDirectory;
  let database: TurnDatabase;
  let coturn: Coturn;
  let service: IceService;
  let secretFile: string;
  let rotationArgs: string[];
  const credentials: Record<string, TurnCredential> = {};

  beforeAll(async () => {
    directory = await createTemporaryDirectory("rotation");
    database = await startDatabase();
    coturn = await startCoturn({ secrets: [], realm, extra: database.coturnLines });
    secretFile = await directory.write("turn.secret", `${firstSecret}\n`);
    await directory.write("tokens.yaml", connectorTokens({ gateway: token }));
    const config = {
      auth: { connectorTokensFile: `${directory.path}/tokens.yaml` },
      ice: {
        stunUrls: [],
        turn: { urls: [`turn:127.0.0.1:${coturn.port}`], secretFiles: [secretFile], ttl: "1h" },
      },
    };
    const configFile = await directory.write("ice.yaml", stringify(config));
    const urlFile = await directory.write("turn-db.url", `${database.url}\n`);
    rotationArgs = ["--turn-db-file", urlFile, "--realm", realm, "--config", configFile];
    service = await startIceService({ config });
  });
  afterAll(async () => {
    await service.stop();
    await coturn.stop();
    await database.stop();
    await directory.remove();
  });

  /** Whatever it ends with, what it prints holds neither secret nor password. */
  async function run(...args: readonly string[]) {
    const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
      execFile(
        process.execPath,
        [program, "secret", ...args, ...rotationArgs],
        { env: { PATH: process.env["PATH"] }, timeout: 60_000 },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }),
      );
    });
    for (const secret of await database.listSecrets(realm)) {
      expect(output).not.toContain(secret);
    }
    expect(output).not.toMatch(/p(%40|@)ss/);
    return { code, output };
  }

  async function fetchCredential(): Promise<TurnCredential> {
    const response = await fetch(`${service.url}/api/v1/ice-servers`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const { iceServers } = (await response.json()) as { iceServers: [TurnCredential] };
    const { username, credential } = iceServers[0];
    return { username, credential };
  }
  const allocate = (credential: TurnCredential | undefined) =>
    allocateRelay({
      username: "",
      credential: "",
      ...credential,
      transport: "udp",
      port: coturn.port,
      realm,
    });
  const relay = expect.objectContaining({ allocated: true });
  const refusal = { allocated: false, errorCode: 401 };
  const readSecret = async () => (await readFile(secretFile, "utf8")).trim();
  const signedBy = (secret: string, { username }: TurnCredential) => {
    const [expiry = "", name = ""] = username.split(":");
    return createCredentialIssuer(createSecretKey(secret, "utf8"))(name, Number(expiry));
  };

  it("needs the secret that signs in the database, and status tells so", async () => {
    expect(await run("rotate")).toMatchObject({ code: 2, output: /secret add/ });
    expect(await run("status")).toMatchObject({ code: 1, output: /is not in the database/ });
    expect(await allocate(await fetchCredential())).toEqual(refusal);

    expect(await run("add")).toMatchObject({ code: 0 });
    expect(await run("status")).toMatchObject({ code: 0 });
    credentials["before"] = await fetchCredential();
    expect(await allocate(credentials["before"])).toEqual(relay);
  });

  it("adds a new secret and has the running service sign with it", async () => {
    await database.addSecret(realm, strangeSecret);
    const { code, output } = await run("rotate");
    expect(output).toMatch(/kept, because they do not belong to this rotation: [0-9a-f]{12}\n/);
    expect(output).toMatch(/ttl 1h \+ margin 10m/);
    expect(code).toBe(0);
    const secret = await readSecret();
    expect(await database.listSecrets(realm)).toEqual([firstSecret, secret, strangeSecret].sort());

    // From before the service has looked at its files, perhaps: either secret will do.
    credentials["meanwhile"] = await fetchCredential();
    await expect
      .poll(async () => {
        const credential = await fetchCredential();
        return credential.credential === signedBy(secret, credential).credential;
      })
      .toBe(true);
    credentials["during"] = await fetchCredential();
  });

  it.each(["before", "meanwhile", "during"])(
    "has coturn accept what was signed %s, while both secrets are there",
    async (when) => {
      expect(await allocate(credentials[when])).toEqual(relay);
    },
  );

  it("changes nothing when it is run again too early", async () => {
    const secret = await readSecret();
    const { code, output } = await run("rotate", "--margin", "20m");
    expect(code).toBe(0);
    expect(output).toMatch(/can be removed at .*margin 20m/);
    expect(await database.listSecrets(realm)).toEqual([firstSecret, secret, strangeSecret].sort());
    expect(await run("status")).toMatchObject({ code: 0, output: /old, can be removed at/ });
  });

  it("removes the old secret once ttl and margin have passed: coturn refuses it then", async () => {
    const secret = await readSecret();
    const stateFile = `${secretFile}.rotation.json`;
    const state = JSON.parse(await readFile(stateFile, "utf8"));
    state.switchedAtSeconds -= 3600 + 600 + 1;
    await writeFile(stateFile, JSON.stringify(state));

    const refused = await run("rotate");
    expect(refused.output).toMatch(
      /--yes: is necessary without a terminal: the old secret [0-9a-f]{12} is not removed/,
    );
    expect(refused.code).toBe(2);
    expect(await database.listSecrets(realm)).toEqual([firstSecret, secret, strangeSecret].sort());

    const { code, output } = await run("rotate", "--yes");
    expect(output).toMatch(/removed the old secret .*\nfinished\n$/);
    expect(code).toBe(0);
    expect(await readSecret()).toBe(secret);
    expect(await database.listSecrets(realm)).toEqual([secret, strangeSecret].sort());
    expect(await allocate(credentials["before"])).toEqual(refusal);
    expect(await allocate(credentials["during"])).toEqual(relay);
    expect(await allocate(await fetchCredential())).toEqual(relay);
    expect(await run("status")).toMatchObject({ code: 0, output: /rotation: finished/ });
  });
});

describe("ice-service secret rotate on a terminal", () => {
  it("asks before it removes the old secret", async () => {
    const directory = await createTemporaryDirectory("asks");
    const database = await turnDatabases["SQLite, write-ahead log"]();
    try {
      const secretFile = await directory.write("turn.secret", firstSecret);
      await directory.write("tokens.yaml", "tokens: []");
      const config = await directory.write(
        "ice.yaml",
        stringify({
          auth: { connectorTokensFile: "tokens.yaml" },
          ice: { turn: { urls: ["turn:turn.test"], secretFiles: [secretFile], ttl: "2s" } },
        }),
      );
      await database.addSecret(realm, firstSecret);
      const command = `${process.execPath} ${program} secret rotate --margin 5s --realm ${realm} --turn-db ${database.url} --config ${config}`;
      await runProgram("bash", ["-c", command]);
      const stateFile = `${secretFile}.rotation.json`;
      const state = JSON.parse(await readFile(stateFile, "utf8"));
      await writeFile(
        stateFile,
        JSON.stringify({ ...state, switchedAtSeconds: state.switchedAtSeconds - 8 }),
      );
      /** @returns what it prints on a terminal on which somebody types these keys at the question */
      const answer = async (keys: string) => {
        const terminal = spawn("script", ["-qec", command, "/dev/null"], {
          stdio: ["pipe", "pipe", "inherit"],
        });
        try {
          let output = "";
          for await (const chunk of terminal.stdout) {
            const hasAsked = output.includes("[y/N]");
            output += chunk;
            if (!hasAsked && output.includes("[y/N]")) {
              terminal.stdin.write(keys);
            }
          }
          return output;
        } finally {
          terminal.kill();
        }
      };
      const [controlC, controlD] = ["\x03", "\x04"];
      for (const refusal of ["n\n", "\n", controlC, controlD]) {
        const kept = await answer(refusal);
        expect(kept).toMatch(/Nextcloud Talk[\s\S]*Remove it from the database\? \[y\/N\]/);
        expect(kept).toContain("kept the old secret");
      }
      expect(await database.listSecrets(realm)).toContain(firstSecret);
      expect(await answer("y\n")).toContain("removed the old secret");
      expect(await database.listSecrets(realm)).not.toContain(firstSecret);
    } finally {
      await database.stop();
      await directory.remove();
    }
  });
});

describe("ice-service secret rotate --wait", () => {
  it("says at once that nobody could be asked in the end", async () => {
    const args = [program, "secret", "rotate", "--wait", "--realm", realm];
    await expect(runProgram(process.execPath, args)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--yes"),
    });
  });

  it("finishes by itself, not before ttl and margin", async () => {
    const directory = await createTemporaryDirectory("wait");
    const secretFile = await directory.write("turn.secret", firstSecret);
    await directory.write("tokens.yaml", "tokens: []");
    const config = await directory.write(
      "ice.yaml",
      stringify({
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: { turn: { urls: ["turn:turn.test"], secretFiles: [secretFile], ttl: "2s" } },
      }),
    );
    const database = await turnDatabases.Redis();
    await database.addSecret(realm, firstSecret);
    const args = [program, "secret", "rotate", "--wait", "--yes", "--margin", "5s"];
    args.push("--realm", realm);
    args.push("--turn-db", database.url, "--config", config);
    const { stdout, stderr } = await runProgram(process.execPath, args);
    expect(stderr).toMatch(/^warning: every user of this machine can see the password/);
    expect(stdout).toMatch(/waiting, \d+s left\n(.*\n)+removed the old secret .*\nfinished\n/);
    const state = JSON.parse(await readFile(`${secretFile}.rotation.json`, "utf8"));
    expect(state.finishedAtSeconds - state.switchedAtSeconds).toBeGreaterThanOrEqual(7);
    const secret = (await readFile(secretFile, "utf8")).trim();
    expect(await database.listSecrets(realm)).toEqual([secret]);
    await database.stop();
    await directory.remove();
  });
});
