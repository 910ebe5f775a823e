import { spawnSync } from "node:child_process";
import { mkdir, readFile, stat } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fingerprintSecret } from "../../src/turn/providers/shared-secret/turn-secret.js";
import { createSqliteFile, type SqliteFile } from "../parts/sqlite-file.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const program = new URL("../../dist/main.js", import.meta.url).pathname;
const secret = "south-south-south-south";
let directory: TemporaryDirectory;
let database: SqliteFile;
beforeAll(async () => {
  directory = await createTemporaryDirectory("secret-cli");
  database = await createSqliteFile("DELETE");
  await database.run(`INSERT INTO turn_secret VALUES ('turn.test', '${secret}')`);
  await directory.write("turn.secret", secret);
  await directory.write("tokens.yaml", connectorTokens({ a: "a-token" }));
  const auth = "auth: { connectorTokensFile: tokens.yaml }\n";
  const turn = 'urls: ["turn:a.example"]';
  const ice = (files: string) => `${auth}ice: { turn: { ${turn}, secretFiles: ${files} } }\n`;
  await directory.write("ice.yaml", ice("[turn.secret]"));
  await directory.write("several.yaml", ice("[turn.secret, older.secret]"));
  await directory.write("older.secret", "older-older-older-older");
  await directory.write(
    "regions.yaml",
    `${auth}ice:
  turn:
    regions:
      eu: { ${turn}, secretFiles: [turn.secret] }
      us: { ${turn}, secretFiles: [older.secret, turn.secret] }
    defaultRegion: eu
`,
  );
  await directory.write("stun.yaml", auth);
  await directory.write("variable.yaml", `${auth}ice: { turn: { ${turn} } }\n`);
  await mkdir(`${directory.path}/blocked/turn.secret.tmp`, { recursive: true });
  await directory.write("blocked/turn.secret", secret);
  await directory.write("blocked.yaml", ice("[blocked/turn.secret]"));
  await directory.write("url", `sqlite:${database.file}`);
  await directory.write("open-url", "redis://:hunter2@127.0.0.1", 0o644);
});
afterAll(async () => {
  await database.stop();
  await directory.remove();
});

function run(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: directory.path,
    env: { PATH: process.env["PATH"], ...env },
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

describe("ice-service secret new", () => {
  it("prints a secret of 256 bits", () => {
    expect(run(["secret", "new"]).stdout).toMatch(/^[0-9a-f]{64}\n$/);
    const printed = JSON.parse(run(["secret", "new", "--json"]).stdout);
    expect(printed.fingerprint).toBe(fingerprintSecret(printed.secret));
  });

  it("writes a file for its owner only, tells no secret, and replaces nothing", async () => {
    const file = `${directory.path}/new.secret`;
    const { status, stdout } = run(["secret", "new", "--file", file, "--json"]);
    expect(status).toBe(0);
    const content = await readFile(file, "utf8");
    expect(content).toMatch(/^[0-9a-f]{64}\n$/);
    expect((await stat(file)).mode).toBe(0o100600);
    expect(JSON.parse(stdout)).toEqual({ file, fingerprint: fingerprintSecret(content.trim()) });

    const again = run(["secret", "new", "--file", file]);
    expect(again).toMatchObject({ status: 2, stdout: "" });
    expect(again.stderr).toMatch(/already exists\n {4}→ ./);
    expect(await readFile(file, "utf8")).toBe(content);
  });

  it("tells that a file cannot be made", () => {
    const { status, stderr } = run(["secret", "new", "--file", "missing/new.secret"]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/--file: cannot write .*ENOENT/);
  });
});

const rotate = ["secret", "rotate", "--config", "ice.yaml"];
const inRealm = ["--realm", "turn.test"];
const good = ["--turn-db-file", "url", ...inRealm];

describe("ice-service secret rotate", () => {
  it.each<[string, string[], RegExp, Record<string, string>?]>([
    ["without a database", [...rotate, ...inRealm], /--turn-db: is missing/],
    [
      "with two databases",
      [...rotate, ...good, "--turn-db", "sqlite:x"],
      /together with --turn-db/,
    ],
    ["without a realm", [...rotate, "--turn-db-file", "url"], /required option '-r, --realm/],
    [
      "with an empty realm",
      [...rotate, "--turn-db-file", "url", "--realm", ""],
      /the realm is not/,
    ],
    ["with another realm", [...rotate, "--turn-db-file", "url", "-r", "x"], /does not have the/],
    [
      "with an unknown scheme",
      [...rotate, ...inRealm, "--turn-db", "mysql://u:hunter2@h/d"],
      /--turn-db: has the unknown scheme mysql:/,
    ],
    [
      "with a database that cannot be reached",
      [...rotate, ...inRealm, "--turn-db", "redis://:hunter2@127.0.0.1:1"],
      /--turn-db: cannot connect to Redis \(ECONNREFUSED\)/,
    ],
    [
      "with a file of the URL that is missing",
      [...rotate, ...inRealm, "--turn-db-file", "no"],
      /--turn-db-file: no[^ ]* does not exist \(ENOENT\)/,
    ],
    [
      "with a file of the URL that everybody may read",
      [...rotate, ...inRealm, "--turn-db-file", "open-url"],
      /--turn-db-file: every user of this machine can read open-url/,
    ],
    [
      "with a short margin",
      [...rotate, ...good, "--margin", "4s"],
      /--margin: "4s" is not a duration/,
    ],
    [
      "without a region",
      ["secret", "rotate", ...good, "-c", "regions.yaml"],
      /--region: is missing\n.*eu, us/,
    ],
    [
      "with an unknown region",
      ["secret", "rotate", ...good, "-c", "regions.yaml", "--region", "mars"],
      /--region: "mars" is not a configured region\n.*eu, us/,
    ],
    [
      "with a region of none",
      [...rotate, ...good, "--region", "eu"],
      /--region: .*\n.*Leave it out/,
    ],
    ["with STUN only", ["secret", "rotate", ...good, "-c", "stun.yaml"], /names no TURN server/],
    [
      "with the secret in a variable",
      ["secret", "rotate", ...good, "-c", "variable.yaml"],
      /ICE_TURN_SECRET: .*\n {4}→ Write it into a file/,
      { ICE_TURN_SECRET: secret },
    ],
    [
      "with a file that cannot be replaced",
      ["secret", "rotate", ...good, "-c", "blocked.yaml"],
      /turn\.secret: it, or a file beside it, cannot be read or replaced/,
    ],
    [
      "without flock and sqlite3",
      [...rotate, ...good],
      /flock: cannot be run/,
      { PATH: "/nowhere" },
    ],
  ])("refuses to run %s: exit code 2, and nothing is changed", async (_, args, text, env) => {
    const { status, stdout, stderr } = run(args, env);
    expect(stderr).toMatch(text);
    expect(stdout + stderr).not.toMatch(/hunter2|south/);
    expect(status).toBe(2);
    expect(await readFile(`${directory.path}/turn.secret`, "utf8")).toBe(secret);
    expect(await database.run("SELECT value FROM turn_secret")).toEqual([secret]);
  });
});

describe("ice-service secret status", () => {
  const status = (...args: readonly string[]) =>
    run(["secret", "status", "--config", "ice.yaml", "--turn-db-file", "url", ...args]);

  it("tells what signs and what the database has, as JSON too", () => {
    const fingerprint = fingerprintSecret(secret);
    expect(status(...inRealm)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`signs: ${fingerprint}\n`),
    });
    expect(JSON.parse(status(...inRealm, "--json").stdout)).toEqual({
      secretFile: `${directory.path}/turn.secret`,
      database: `sqlite:${database.file}`,
      realm: "turn.test",
      rotation: "none",
      signing: { fingerprint },
      secrets: [{ fingerprint, role: "signs" }],
      problems: [],
    });
  });

  it("tells of the secret of one region", () => {
    const inRegion = (region: string) =>
      run(["secret", "status", "-c", "regions.yaml", ...good, "--region", region]);
    expect(inRegion("eu").status).toBe(0);
    expect(inRegion("us").stderr).toMatch(/is not in the database/);
    expect(inRegion("us").stdout).toContain("older.secret");
  });

  it("is exit code 1 when the database does not have the secret that signs", () => {
    const { status: code, stdout, stderr } = status("--realm", "other.test", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout).problems).toEqual([expect.stringMatching(/is not in the database/)]);
    expect(stderr).toMatch(/^wrong: /);
  });
});

describe("ice-service config check", () => {
  it("tells when the secrets of further files may leave the TURN server", () => {
    const { status, stderr } = run(["config", "check", "--config", "several.yaml"]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^warning: the first of 2 ice\.turn\.secretFiles signs; .* 24h /);
    expect(run(["config", "check", "--config", "ice.yaml"]).stderr).toBe("");
    expect(run(["config", "check", "--config", "regions.yaml"]).stderr).toMatch(
      /^warning: the first of 2 secretFiles of region us signs; /,
    );
  });
});
