import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { startIceService } from "../parts/ice-service.js";
import { secondsFromNow } from "../parts/real-time.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const program = new URL("../../dist/main.js", import.meta.url).pathname;
let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory("cli");
});
afterAll(() => directory.remove());

function run(args: string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: directory.path,
    env: { PATH: process.env["PATH"], ...options.env },
    input: options.input ?? "",
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

describe("ice-service", () => {
  it.each([
    ["--help"],
    ["serve", "--help"],
    ["token", "new", "--help"],
    ["config", "check", "--help"],
  ])("%s %s tells the usage", (...args) => {
    const { status, stdout } = run(args);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: ice-service/);
  });

  it("names a command that it does not know, and one that may be meant", () => {
    const { status, stderr } = run(["srve"]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: unknown command 'srve'\n\(Did you mean serve\?\)\n/);
  });

  it.each([
    ["secrets new", "error: unknown command 'secrets new'\n(Did you mean secret new?)\n"],
    ["help tokn", "error: unknown command 'tokn'\n(Did you mean token?)\n"],
    ["--dev serv", "error: unknown command 'serv'\n(Did you mean serve?)\n"],
    ["--dev token new", "error: 'token new' must be before the options\n"],
  ])("finds a wrong command at every level, and behind options: %s", (line, message) => {
    const { status, stderr } = run(line.split(" "));
    expect(status).toBe(2);
    expect(stderr.startsWith(message)).toBe(true);
  });

  it("--version tells the package's version", () => {
    expect(run(["--version"]).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([["frobnicate"], ["--nope"], ["token"], ["token", "new"], ["token", "nope"], ["config"]])(
    "%s %s is bad usage: exit code 2",
    (...args) => {
      const { status, stdout, stderr } = run(args);
      expect(status).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/./);
    },
  );
});

describe("output that nobody reads to its end", () => {
  it("is no failure", () => {
    const { status, stderr } = spawnSync(
      "bash",
      ["--norc", "-o", "pipefail", "-c", `"${process.execPath}" "${program}" --help | true`],
      { encoding: "utf8", env: { PATH: process.env["PATH"] } },
    );
    expect(stderr).not.toMatch(/EPIPE|at /);
    expect(status).toBe(0);
  });
});

describe("ice-service serve", () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    ["without authentication", [], {}, /auth: no authentication is configured/],
    [
      "with a file that is missing",
      ["--config", "no.yaml"],
      {},
      /no\.yaml: does not exist \(ENOENT\)/,
    ],
    ["in development on every address", ["--dev"], { ICE_HOST: "0.0.0.0" }, /ICE_HOST: .*--dev/],
    [
      "with a tokens file that is missing",
      [],
      { ICE_CONNECTOR_TOKENS_FILE: "no" },
      /connectorTokensFile/,
    ],
    [
      "on an address of somebody else",
      ["--dev"],
      { ICE_HOST: "127.0.0.1", ICE_PORT: "1", ICE_TLS_CERT_FILE: "x" },
      /keyFile/,
    ],
  ])("refuses to start %s: exit code 2, with key, problem and fix", (_, args, env, text) => {
    const { status, stdout, stderr } = run(["serve", ...args], { env });
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(text);
    expect(stderr).toMatch(/→ ./);
  });
});

describe("ice-service token", () => {
  it("new prints a token and its entry, hash as that of the token", () => {
    const { status, stdout } = run([
      "token",
      "new",
      "--name",
      "gateway",
      "--expires",
      "90d",
      "--json",
    ]);
    expect(status).toBe(0);
    const { token, entry } = JSON.parse(stdout);
    expect(token).toMatch(/^ice_[\w-]{43}$/);
    expect(entry).toEqual({
      name: "gateway",
      hash: `sha256:${createHash("sha256").update(token).digest("hex")}`,
      expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    const seconds = Date.parse(entry.expires) / 1000 - secondsFromNow(0);
    expect(seconds / 86_400).toBeCloseTo(90, 2);
  });

  it("new prints YAML for people, which the service reads", async () => {
    const { stdout } = run(["token", "new", "--name", "gateway"]);
    const [comment, token, , ...entry] = stdout.split("\n");
    expect(comment).toMatch(/once/);
    expect(parse(entry.join("\n"))).toEqual({
      tokens: [{ name: "gateway", hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) }],
    });
    expect(run(["token", "hash"], { input: `${token}\n` }).stdout).toBe(
      `${parse(entry.join("\n")).tokens[0].hash}\n`,
    );
  });

  it("new gives the right to name users where it is asked to", async () => {
    const { stdout } = run(["token", "new", "--name", "backend", "--may-name-users", "--json"]);
    expect(JSON.parse(stdout).entry).toMatchObject({ name: "backend", mayNameUsers: true });
  });

  it.each([
    ["ice_abc-DEF.~", ""],
    ["a+b/c=", ""],
    ["50%", "%"],
    ["a&b#c%d", "& # %"],
    ['a"b<c', '" <'],
    ["é", "é"],
  ])("hash warns of what a URL does not carry as it is: %s", (token, special) => {
    const { status, stdout, stderr } = run(["token", "hash"], { input: token });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(/^warning: the token contains (.*) and clients/.exec(stderr)?.[1] ?? "").toBe(special);
  });

  it.each([
    [["new", "--name", "a", "--expires", "soon"], ""],
    [["new", "--name", "\u0007"], ""],
    [["new", "--name", "a "], ""],
    [["hash"], "\ufeffa-token\n"],
    [["hash"], '"a-token"\n'],
    [["hash"], ""],
    [["hash"], "two tokens\n"],
  ])("%j refuses bad input", (args, input) => {
    const { status, stderr } = run(["token", ...args], { input });
    expect(status).toBe(2);
    expect(stderr).toMatch(/→ ./);
  });
});

describe("ice-service config check", () => {
  it("prints what is in effect, secrets hidden, warnings apart", async () => {
    const file = await directory.write(
      "ice.yaml",
      'auth: { connectorTokensFile: tokens.yaml }\nice: { turn: { urls: ["turn:a.example"] } }\n',
    );
    await directory.write("tokens.yaml", connectorTokens({ a: "a-token" }));
    const env = { ICE_TURN_SECRET: "hunter2" };
    const { status, stdout, stderr } = run(["config", "check", "--config", file], { env });
    expect(status).toBe(0);
    expect(parse(stdout)).toMatchObject({
      ice: { turn: { urls: ["turn:a.example"], ttl: "24h" } },
    });
    expect(stdout).toContain("# secretFiles: the secret is in the variable ICE_TURN_SECRET");
    const again = await directory.write("again.yaml", stdout);
    expect(run(["config", "check", "--config", again], { env })).toEqual({
      status,
      stdout,
      stderr,
    });
    expect(stderr).toMatch(/^warning: .*shorter than 16 bytes/);
    expect(stdout + stderr).not.toContain("hunter2");
    const json = run(["config", "check", "--json"], { env: { ...env, ICE_CONFIG: file } });
    expect(JSON.parse(json.stdout)).toEqual(parse(stdout));
  });

  it.each([
    ["no token", "tokens: []", /nobody can be served: .*tokens\.yaml has no token/],
    [
      "expired tokens",
      `tokens: [{ name: a, hash: "sha256:${"0".repeat(64)}", expires: 2020-01-31 }]`,
      /nobody can be served: .*tokens\.yaml has expired tokens only/,
    ],
  ])("warns, as serve does, that nobody can be served: %s", async (_, tokens, warning) => {
    const file = await directory.write(
      "nobody.yaml",
      "auth: { connectorTokensFile: tokens.yaml }\nlisten: { host: 127.0.0.1, port: 0 }\nadmin: false\n",
    );
    await directory.write("tokens.yaml", tokens);
    expect(run(["config", "check", "--config", file]).stderr).toMatch(warning);
    const service = await startIceService({
      files: { "tokens.yaml": tokens },
      config: { auth: { connectorTokensFile: "tokens.yaml" } },
    });
    await service.stop();
    expect(service.logs().map(({ msg }) => msg)).toContainEqual(expect.stringMatching(warning));
  });

  it("names an entry by its place in the file, whatever stands before it, and asks no URL", async () => {
    const issuer = { issuer: "https://a.example", audience: "ice" };
    const file = await directory.write(
      "issuers.yaml",
      JSON.stringify({
        auth: {
          jwt: [
            { ...issuer, jwksUrl: "https://a.invalid/jwks" },
            { ...issuer, issuer: "https://b.example", publicKeyFile: "missing.pem" },
          ],
        },
      }),
    );
    const { status, stderr } = run(["config", "check", "--config", file]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/auth\.jwt\[1\]\.publicKeyFile: /);
  });

  it.each([
    ["80800", "80800 is out of range (0 to 65535)"],
    ["-1", "-1 is out of range (0 to 65535)"],
    ["http", '"http" is not a number'],
  ])("ICE_PORT=%s: names the value and the range", (port, problem) => {
    const { status, stderr } = run(["config", "check"], { env: { ICE_PORT: port } });
    expect(status).toBe(2);
    expect(stderr).toContain(`ICE_PORT: ${problem}\n`);
  });

  it("says that a directory is one", () => {
    const { status, stderr } = run(["config", "check", "--config", directory.path]);
    expect(status).toBe(2);
    expect(stderr).toContain(`${directory.path}: is a directory\n`);
  });

  it("tells every problem, exit code 2", async () => {
    const file = await directory.write("bad.yaml", "listn: 1\nice: { stunUrls: [x] }\n");
    const { status, stdout, stderr } = run(["config", "check", "--config", file]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/listn: unknown key\n {4}→ Did you mean listen\?/);
  });
});
