import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type ChildProcess, startProcess } from "../parts/child-process.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { findFreePort } from "../parts/free-port.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const program = new URL("../../dist/main.js", import.meta.url).pathname;
const secrets = { "turn.secret": "north-north-north-north", "old.secret": "east-east-east-east" };

let directory: TemporaryDirectory;
let certificate: TestCertificate;
let coturn: Coturn;
beforeAll(async () => {
  directory = await createTemporaryDirectory("check");
  for (const [name, secret] of Object.entries(secrets)) {
    await directory.write(name, secret);
  }
  await directory.write("tokens.yaml", "tokens: []");
  certificate = await createCertificate();
  coturn = await startCoturn({ secrets: [secrets["turn.secret"]], tls: certificate });
});
afterAll(async () => {
  await coturn.stop();
  await certificate.stop();
  await directory.remove();
});

let configs = 0;
async function writeConfig(ice: object): Promise<string> {
  configs += 1;
  const config = { auth: { connectorTokensFile: "tokens.yaml" }, ice };
  return directory.write(`ice-${configs}.yaml`, stringify(config));
}

function startCheck(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return startProcess({
    name: "ice-service check",
    command: process.execPath,
    args: [program, "check", ...args],
    cwd: directory.path,
    env,
  });
}

/** Waits for the end; SIGCONT changes nothing for a process that runs. */
async function check(args: readonly string[], env?: Record<string, string>) {
  const child = startCheck(args, env);
  const status = await child.stop("SIGCONT");
  return { status, stdout: child.stdout(), stderr: child.stderr() };
}

const everyUrl = () => ({
  stunUrls: [`stun:127.0.0.1:${coturn.port}`],
  turn: {
    urls: [
      `turn:127.0.0.1:${coturn.port}`,
      `turn:127.0.0.1:${coturn.port}?transport=tcp`,
      `turns:127.0.0.1:${coturn.tlsPort}?transport=tcp`,
    ],
    secretFiles: ["turn.secret"],
  },
});

describe("ice-service check", () => {
  it("prints a row for each URL, and ends with 0 when all is well", async () => {
    const config = await writeConfig(everyUrl());
    const args = ["--config", config, "--ca", certificate.caFile, "--realm", coturn.realm];
    const { status, stdout, stderr } = await check(args);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^URL +ADDRESS +TRANSPORT +SECRET +RESULT +RTT +RELAY$/);
    expect(rows).toEqual([
      expect.stringMatching(/^stun:\S+ +127\.0\.0\.1:\d+ +udp +- +ok +[\d.]+ ms +-$/),
      expect.stringMatching(/^turn:\S+ .* udp +turn\.secret +ok .* 127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^turn:\S+ .* tcp +turn\.secret +ok .* 127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^turns:\S+ .* tls +turn\.secret +ok .* 127\.0\.0\.1:\d+$/),
    ]);
    expect(status).toBe(0);
    expect(stderr).toBe(
      "warning: no turns URL with port 443 over TCP: the strictest firewalls let nothing else through\n",
    );
  });

  it("tells which secret is refused, and what to do, but never a secret; ends with 1", async () => {
    const { turn, ...rest } = everyUrl();
    const config = await writeConfig({
      ...rest,
      turn: { ...turn, urls: turn.urls.slice(0, 1), secretFiles: ["turn.secret", "old.secret"] },
    });
    const { status, stdout, stderr } = await check(["--config", config]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/ turn\.secret +ok /);
    expect(stdout).toMatch(/ old\.secret +wrong-secret /);
    expect(stdout).toMatch(
      /\nwrong-secret: the server answers 401.*\n {2}turn:\S+ at \S+ with old\.secret\n {2}→ .*static-auth-secret/,
    );
    for (const secret of Object.values(secrets)) {
      expect(stdout + stderr).not.toContain(secret);
    }
    expect(stdout + stderr).not.toContain("\u001b");
  });

  it("tries the servers of each region with the secrets of that region", async () => {
    const { turn } = everyUrl();
    const urls = turn.urls.slice(0, 1);
    const config = await writeConfig({
      stunUrls: [],
      turn: {
        regions: {
          eu: { urls, secretFiles: ["turn.secret"] },
          us: { urls, stunUrls: everyUrl().stunUrls, secretFiles: ["old.secret"] },
        },
        defaultRegion: "eu",
      },
    });
    const { status, stdout, stderr } = await check(["--config", config]);
    expect(stdout.split("\n").slice(1, 4)).toEqual([
      expect.stringMatching(/^turn:\S+ .* udp +turn\.secret +ok /),
      expect.stringMatching(/^stun:\S+ .* udp +- +ok /),
      expect.stringMatching(/^turn:\S+ .* udp +old\.secret +wrong-secret /),
    ]);
    expect(stderr.match(/no TURN URL uses TCP/g)).toHaveLength(1);
    expect(status).toBe(1);
  });

  it("prints JSON for scripts", async () => {
    const port = await findFreePort();
    const { stunUrls } = everyUrl();
    const env = {
      ICE_STUN_URLS: [...stunUrls, "stun:stun.invalid"].join(),
      ICE_TURN_URLS: `turn:127.0.0.1:${port}`,
      ICE_TURN_SECRET: secrets["turn.secret"],
      ICE_CONNECTOR_TOKENS_FILE: "tokens.yaml",
    };
    const { status, stdout } = await check(["--json"], env);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      warnings: [/TCP/, /443/].map((text) => expect.stringMatching(text)),
      results: [
        { url: stunUrls[0], ok: true, mappedAddress: expect.any(String) },
        { url: "stun:stun.invalid", ok: false, cause: "name-not-found" },
        {
          address: `127.0.0.1:${port}`,
          transport: "udp",
          secret: "ICE_TURN_SECRET",
          ok: false,
          cause: "refused",
          fix: expect.any(String),
        },
      ],
    });
    expect(stdout).not.toContain(secrets["turn.secret"]);
  });

  it("tells a certificate that it cannot trust", async () => {
    const { turn } = everyUrl();
    const config = await writeConfig({ stunUrls: [], turn: { ...turn, urls: turn.urls.slice(2) } });
    const { status, stdout } = await check(["--config", config, "--json"]);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).results).toMatchObject([{ cause: "tls-untrusted" }]);
  });

  it("is not in its own way where there is room for one relay only", async () => {
    const small = await startCoturn({
      secrets: [secrets["turn.secret"]],
      extra: ["user-quota=1"],
    });
    try {
      const urls = ["", "?transport=tcp"].map((query) => `turn:127.0.0.1:${small.port}${query}`);
      const turn = { urls, secretFiles: ["turn.secret"] };
      const config = await writeConfig({ stunUrls: [], turn });
      const { status, stdout } = await check(["--config", config]);
      expect(stdout).not.toContain("quota");
      expect(status).toBe(0);
    } finally {
      await small.stop();
    }
  });

  it.each<[args: string[], status: number, cause: string | undefined]>([
    [[], 1, "peer-denied"],
    [["--relay", "require"], 1, "peer-denied"],
    [["--relay", "auto"], 0, "peer-denied"],
    [["--relay", "off"], 0, undefined],
  ])("%j: a relay that no packets cross ends with %i", async (args, expected, cause) => {
    const denying = await startCoturn({
      secrets: [secrets["turn.secret"]],
      extra: ["denied-peer-ip=127.0.0.1"],
    });
    try {
      const urls = [`turn:127.0.0.1:${denying.port}`];
      const turn = { urls, secretFiles: ["turn.secret"] };
      const config = await writeConfig({ stunUrls: [], turn });
      const { status, stdout } = await check(["--config", config, "--json", ...args]);
      const report = JSON.parse(stdout);
      expect(report.results.map((result: { cause?: string }) => result.cause)).toEqual([cause]);
      expect({ status, ok: report.ok }).toEqual({ status: expected, ok: expected === 0 });
    } finally {
      await denying.stop();
    }
  });

  it.each<[args: string[], status: number]>([
    [[], 0],
    [["--relay", "auto"], 0],
    [["--relay", "require"], 1],
  ])("%j: a relay that cannot be tested ends with %i", async (args, expected) => {
    const mixed = await startCoturn({
      secrets: [secrets["turn.secret"]],
      ipv6: true,
      relayIps: ["127.0.0.1"],
    });
    try {
      const turn = { urls: [`turn:[::1]:${mixed.port}`], secretFiles: ["turn.secret"] };
      const config = await writeConfig({ stunUrls: [], turn });
      const { status, stdout } = await check(["--config", config, ...args]);
      expect(stdout).toMatch(/ relay-not-tested +[\d.]+ ms +127\.0\.0\.1:/);
      expect(stdout).toMatch(/\nrelay-not-tested: .*another family/);
      expect(status).toBe(expected);
    } finally {
      await mixed.stop();
    }
  });

  it("shows the addresses of alternate servers, and how long relays last", async () => {
    const first = await startCoturn({
      secrets: [secrets["turn.secret"]],
      extra: [`alternate-server=127.0.0.1:${coturn.port}`],
    });
    try {
      const turn = { urls: [`turn:127.0.0.1:${first.port}`], secretFiles: ["turn.secret"] };
      const config = await writeConfig({ stunUrls: [], turn });
      const { status, stdout } = await check(["--config", config, "--lifetime"]);
      expect(stdout).toContain(` 127.0.0.1:${first.port} → 127.0.0.1:${coturn.port} `);
      expect(stdout).toMatch(/\nlifetime outlives: .*\n {2}turn:.*\n {2}→ A call may last longer/);
      expect(status).toBe(0);
    } finally {
      await first.stop();
    }
  });

  it.each([
    [["--relay", "maybe"], /--relay/],
    [["--lifetime", "--watch"], /--lifetime: does not go with --watch/],
    [["--timeout", "soon"], /--timeout: "soon" is not a duration/],
    [["--timeout", "2m"], /--timeout: /],
    [["--watch", "--interval", "0s"], /--interval: /],
    [["--ca", "no.pem"], /--ca: no\.pem does not exist/],
    [["--ca", "tokens.yaml"], /--ca: tokens\.yaml contains no certificate/],
    [["--config", "no.yaml"], /no\.yaml: does not exist \(ENOENT\)/],
    [[], /ice: names no URL/],
  ])("%j is bad usage: exit code 2", async (args, text) => {
    const env = { ICE_STUN_URLS: "", ICE_CONNECTOR_TOKENS_FILE: "tokens.yaml" };
    const { status, stdout, stderr } = await check(args, env);
    expect(stderr).toMatch(text);
    expect(stderr).toMatch(/→ .|--help/);
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });
});

describe("ice-service check on a terminal", () => {
  /** What a terminal gets to see: both outputs. util-linux's `script` is the terminal. */
  async function showOnTerminal(env: Record<string, string>): Promise<string> {
    const config = await writeConfig({ stunUrls: [`stun:127.0.0.1:${coturn.port}`] });
    const terminal = startProcess({
      name: "script",
      command: "script",
      args: ["-qec", `${process.execPath} ${program} check --config ${config}`, "/dev/null"],
      cwd: directory.path,
      env,
    });
    await terminal.stop("SIGCONT");
    return terminal.stdout();
  }

  it("has colours, and a progress that is gone at the end", async () => {
    const shown = await showOnTerminal({});
    expect(shown).toContain("\u001b[32mok\u001b[39m");
    expect(shown).toContain("0 of 1 probed\r\u001b[K");
  });

  it("has no colours with NO_COLOR", async () => {
    const shown = await showOnTerminal({ NO_COLOR: "1" });
    expect(shown).toMatch(/ udp +- +ok /);
    expect(shown).not.toContain("\u001b[32m");
  });
});

describe("ice-service check --watch", () => {
  it("tells what changes, and ends at SIGINT with the last exit code", async () => {
    const passing = await startCoturn({ secrets: [secrets["turn.secret"]] });
    const turn = { urls: [`turn:127.0.0.1:${passing.port}`], secretFiles: ["turn.secret"] };
    const config = await writeConfig({ stunUrls: [], turn });
    const watch = startCheck(["--config", config, "--watch", "--interval", "1s"]);
    const lines = startCheck(["--config", config, "--watch", "--interval", "1s", "--json"]);
    const reports = () =>
      lines
        .stdout()
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    try {
      await expect.poll(watch.stdout).toMatch(/ turn\.secret +ok /);
      const first = () => reports()[0];
      await expect.poll(first).toMatchObject({ ok: true, changes: [] });
      await passing.stop();
      const change = / at 127\.0\.0\.1:\d+ with turn\.secret: ok → refused$/m;
      await expect.poll(watch.stdout).toMatch(change);
      await expect
        .poll(() => reports().at(-1))
        .toMatchObject({ ok: false, results: [{ cause: "refused" }] });
      expect(reports().flatMap(({ changes }) => changes)).toEqual([expect.stringMatching(change)]);
    } finally {
      expect(await watch.stop("SIGINT")).toBe(1);
      expect(await lines.stop("SIGINT")).toBe(1);
      await passing.stop();
    }
  });
});
