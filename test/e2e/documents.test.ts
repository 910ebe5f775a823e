import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { probeCauses } from "../../src/probe/probe-failure.js";
import { probeFixes } from "../../src/probe/probe-fix.js";
import { type ChildProcess, runProgram, startProcess } from "../parts/child-process.js";
import { startChromium } from "../parts/chromium.js";
import { startCoturn } from "../parts/coturn.js";
import { writeCountryDatabase } from "../parts/country-database.js";
import { findFreePort } from "../parts/free-port.js";
import { startIceService } from "../parts/ice-service.js";
import { startOtlpReceiver } from "../parts/otlp-receiver.js";
import { createSqliteFile } from "../parts/sqlite-file.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { allocateRelay } from "../parts/turn-allocation.js";

const root = resolve(import.meta.dirname, "../..");
const readRoot = (file: string) => readFileSync(resolve(root, file), "utf8");
const program = resolve(root, "dist/main.js");
const shell = (script: string, env: Record<string, string>, cwd = root) =>
  runProgram("bash", ["-euo", "pipefail", "-c", script], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: cwd, ...env },
    timeout: 60_000,
  });

/** The blocks of one language; those of list items with `indent` before them. */
function codeBlocks(file: string, language: string, indent = ""): string[] {
  const fence = `^${indent}\`\`\``;
  return [...readRoot(file).matchAll(new RegExp(`${fence}${language}\\n(.*?)${fence}`, "gms"))].map(
    ([, code = ""]) => code.trim(),
  );
}

/** Puts the command `ice-service` into a directory; returns the PATH that finds it. */
async function installProgram({ path }: TemporaryDirectory): Promise<{ PATH: string }> {
  await mkdir(`${path}/bin`);
  const script = `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`;
  await writeFile(`${path}/bin/ice-service`, script, { mode: 0o755 });
  return { PATH: `${path}/bin:${process.env["PATH"]}` };
}

let directory: TemporaryDirectory;
let service: ChildProcess;
let turnPort: number;
let env: Record<string, string>;

beforeAll(async () => {
  directory = await createTemporaryDirectory("documents");
  turnPort = await findFreePort();
  service = startProcess({
    name: "ice-service --dev",
    command: process.execPath,
    args: [program, "serve", "--dev"],
    cwd: directory.path,
    env: { ICE_PORT: "0", ICE_TURN_URLS: `turn:127.0.0.1:${turnPort}` },
  });
  const [, token = "", url = ""] = await service.untilReady(
    () => /Bearer (\S+)' (http:\S+)\/api/.exec(service.stdout()) ?? undefined,
  );
  env = { ICE_URL: url, TOKEN: token };
});
afterAll(async () => {
  await service.stop();
  await directory.remove();
});

/** The line that the banner of --dev prints under a title. */
const bannerLine = (title: string) =>
  new RegExp(`^${title}:\\n\\n? *(.+)$`, "m").exec(service.stdout())?.[1] ?? "";

describe("the lines that --dev prints", () => {
  it("curl, pasted, prints iceServers", async () => {
    const { stdout } = await shell(`${bannerLine("curl")} -sS`, {});
    expect(JSON.parse(stdout)).toMatchObject({
      iceServers: [{}, { credential: expect.any(String) }],
    });
  });

  it("the examples' variables, pasted, let an example print the servers", async () => {
    const { stdout } = await shell(
      `${bannerLine("The examples and the client libraries")} && node examples/grpc-client.mjs`,
      {},
    );
    expect(stdout).toMatch(/turn:127\.0\.0\.1/);
  });

  it("the browser's, pasted, runs as far as Node has what browsers have", async () => {
    const fetching = bannerLine("Browser console, on that page").replace(/ const connection.*/, "");
    const script = `${fetching} process.stdout.write(JSON.stringify(iceServers));`;
    const { stdout } = await runProgram(process.execPath, ["--input-type=module", "-e", script]);
    expect(JSON.parse(stdout)).toHaveLength(2);
  });

  it("turnserver, pasted, accepts the credentials, and the page calls through it", async () => {
    const line = bannerLine("To start coturn with the same secret");
    const files = `--pidfile=${directory.path}/pid --userdb=${directory.path}/db`;
    const args = ["-c", `exec ${line} ${files}`];
    const coturn = startProcess({ name: "coturn", command: "bash", args, cwd: directory.path });
    const chromium = await startChromium();
    try {
      const { stdout } = await shell(`${bannerLine("curl")} -sS`, {});
      const { username, credential } = JSON.parse(stdout).iceServers[1];
      const target = {
        host: "127.0.0.1",
        port: turnPort,
        transport: "udp",
        username,
        credential,
      } as const;
      await expect
        .poll(() => allocateRelay(target), { interval: 500 })
        .toMatchObject({ allocated: true });

      const page = await chromium.newPage();
      await page.goto(bannerLine("In a browser, to see whether the servers work"));
      await page.getByRole("button", { name: "Test" }).click();
      await page.locator("#status.good", { hasText: /Calls go through 1 relay/ }).waitFor();
    } finally {
      await coturn.stop("SIGKILL");
      await chromium.stop();
    }
  });
});

describe("README.md", () => {
  /** Tested above, by what `npm start` runs. */
  const start = "npm ci && npm start";
  const tableCommands = [...readRoot("README.md").matchAll(/^\|.*`(node examples\/\S+)`/gm)];
  const commands = [
    ...codeBlocks("README.md", "sh").filter(
      (code) => code !== start && !code.startsWith("export "),
    ),
    ...tableCommands.map(([, command = ""]) => command),
  ];

  const examples = commands.filter((command) => command.includes("examples/"));
  const badTokens: readonly [string, string | undefined, RegExp][] = [
    ["without a token", undefined, /^set TOKEN to [^\n]*\nexit code 1\n$/],
    ["with a wrong token", "wrong", /^[^\n]*unauthenticated[^\n]*\nexit code 1\n$/i],
  ];

  it.each(
    badTokens.flatMap(([what, token, line]) =>
      examples.map((command) => [what, command, token, line] as const),
    ),
  )("says in one line what is wrong %s: %s", async (_, command, token, line) => {
    const { ICE_URL: url = "" } = env;
    const here = { ICE_URL: url, ...(token !== undefined && { TOKEN: token }) };
    const { stdout } = await shell(`( ${command} ) 2>&1 || echo "exit code $?"`, here);
    expect(stdout).toMatch(line);
  });

  it("names npm scripts that exist", () => {
    expect(readRoot("README.md")).toContain(start);
    expect(JSON.parse(readRoot("package.json")).scripts).toMatchObject({
      start: "node dist/main.js serve --dev",
    });
  });

  const isEndless = (command: string) => /watch/.test(command);

  it.each(commands.filter((command) => !isEndless(command)))("%s", async (command) => {
    const { stdout } = await shell(command, env);
    expect(stdout).toMatch(/stun:127\.0\.0\.1/);
    expect(stdout).toMatch(/turn:127\.0\.0\.1/);
  });

  it.each([...commands.filter(isEndless), ...codeBlocks("docs/watch.md", "sh")])(
    "%s",
    async (command) => {
      const watching = startProcess({
        name: command,
        command: "bash",
        args: ["-c", `exec ${command}`],
        cwd: root,
        env,
      });
      try {
        await watching.untilReady(() =>
          /stun:127\.0\.0\.1.*turn:127\.0\.0\.1/.test(watching.stdout()) ? true : undefined,
        );
      } finally {
        await watching.stop();
      }
    },
  );

  it("has a command for each kind of caller", () => {
    expect(
      commands.map((command) => /\w+-client|:watch|curl(?!.*:watch)/.exec(command)?.[0]),
    ).toEqual(["curl", ":watch", "watch-client", "connect-client", "grpc-client"]);
  });

  it("links to files that exist", () => {
    const links = [...readRoot("README.md").matchAll(/\]\((?!https?:)([^)#]+)\)/g)];
    expect(links.length).toBeGreaterThan(5);
    for (const [, link = ""] of links) {
      expect(() => readFileSync(resolve(root, link))).not.toThrow();
    }
  });

  it("names every dependency, with a reason", () => {
    const { dependencies, devDependencies } = JSON.parse(readRoot("package.json"));
    const named = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) => !name.startsWith("@types/"),
    );
    for (const name of named) {
      expect(readRoot("README.md")).toContain(`\`${name}\``);
    }
  });
});

describe("docs/production.md", () => {
  it("has commands and a configuration that work together", async () => {
    const place = await createTemporaryDirectory("production");
    try {
      const paths = await installProgram(place);
      const [yaml = ""] = codeBlocks("docs/production.md", "yaml");
      await place.write("ice-service.yaml", yaml);
      const [makeSecret = "", newToken = "", checkAndServe = ""] = codeBlocks(
        "docs/production.md",
        "sh",
      );
      await shell(makeSecret, paths, place.path);
      const { stdout } = await shell(newToken, paths, place.path);
      await place.write("connector-tokens.yaml", stdout.slice(stdout.indexOf("tokens:")));
      const [check = "", serve = ""] = checkAndServe.split("\n");
      const checked = await shell(check, paths, place.path);
      expect(checked.stdout).toContain("identity: pseudonym");
      expect(checked.stderr.match(/warning: .*/g)).toEqual([
        expect.stringMatching(/auth\.queryToken is false/),
      ]);
      const serving = startProcess({
        name: "ice-service",
        command: "bash",
        args: ["-c", `exec ${serve}`],
        cwd: place.path,
        env: { ...paths, ICE_PORT: "0" },
      });
      try {
        await serving.untilReady(() => (serving.stderr().includes('"ready"') ? true : undefined));
      } finally {
        expect(await serving.stop()).toBe(0);
      }
    } finally {
      await place.remove();
    }
  });
});

describe("docs/regions.md", () => {
  it("has a configuration that is good", async () => {
    const place = await createTemporaryDirectory("regions");
    try {
      const paths = await installProgram(place);
      const [yaml = ""] = codeBlocks("docs/regions.md", "yaml");
      await place.write("ice-service.yaml", yaml);
      await place.write("connector-tokens.yaml", connectorTokens({ a: "a-token" }));
      await place.write("eu.secret", "north-north-north-north");
      await place.write("us.secret", "south-south-south-south");
      await place.write("GeoLite2-Country.mmdb", writeCountryDatabase({ "::/1": {} }));
      const command = "ice-service config check --config ice-service.yaml";
      const { stdout, stderr } = await shell(command, paths, place.path);
      expect(stderr).not.toContain("warning:");
      const { turn } = parse(stdout).ice;
      expect(turn.regions.eu.urls[0]).toEqual({
        url: "turn:turn1.eu.example.com:3478",
        weight: 2,
      });
      expect(turn.regionFrom.map).toEqual({ GB: "eu", CA: "us" });
    } finally {
      await place.remove();
    }
  });
});

describe("docs/tracing.md", () => {
  const [all = "", some = ""] = codeBlocks("docs/tracing.md", "sh");

  /** Serves one call; returns what was exported until the stop, and the log. */
  async function serveOnce(command: string) {
    const place = await createTemporaryDirectory("tracing");
    const receiver = await startOtlpReceiver();
    try {
      const paths = await installProgram(place);
      await place.write("tokens.yaml", connectorTokens({ tracing: "tracing-document-token" }));
      await place.write(
        "ice-service.yaml",
        "auth: { connectorTokensFile: tokens.yaml }\nlisten: { host: 127.0.0.1, port: 0 }\nadmin: false\n",
      );
      const script = command.replace("http://127.0.0.1:4318", receiver.url);
      const serving = startProcess({
        name: command,
        command: "bash",
        args: ["-c", script.replace(/^(?=ice-service|OTEL_)/m, "exec env ")],
        cwd: place.path,
        env: paths,
      });
      try {
        const [, url = ""] = await serving.untilReady(
          () => /"url":"([^"]+)","msg":"ready"/.exec(serving.stderr()) ?? undefined,
        );
        const headers = { authorization: "Bearer tracing-document-token" };
        expect((await fetch(`${url}/api/v1/ice-servers`, { headers })).status).toBe(200);
      } finally {
        expect(await serving.stop()).toBe(0);
      }
      // What the tests run on, and which servers there are, is of no interest here.
      const warnings = serving
        .stderr()
        .split("\n")
        .filter((line) => line.includes('"level":"warn"'))
        .filter((line) => !/Node\.js 20|no TURN server/.test(line));
      return { spans: receiver.spans(), warnings };
    } finally {
      await receiver.stop();
      await place.remove();
    }
  }

  it("exports with its first command", async () => {
    const { spans, warnings } = await serveOnce(all);
    expect(spans.map(({ name }) => name)).toEqual(["GET /api/v1/ice-servers"]);
    expect(warnings).toEqual([]);
  });

  it("has variables in its second that are all understood", async () => {
    expect((await serveOnce(some)).warnings).toEqual([]);
  });
});

describe("docs/secret-rotation.md", () => {
  it("has commands that work in their order", async () => {
    const place = await createTemporaryDirectory("rotation");
    const database = await createSqliteFile("DELETE");
    try {
      const paths = await installProgram(place);
      const [yaml = ""] = codeBlocks("docs/production.md", "yaml");
      await place.write("ice-service.yaml", yaml);
      await place.write("connector-tokens.yaml", "tokens: []");
      const [journal = "", first = "", rotate = "", status = ""] = codeBlocks(
        "docs/secret-rotation.md",
        "sh",
      );
      const run = async (script: string) => {
        const here = script.replaceAll("/var/lib/turn/turndb", database.file);
        return (await shell(here, paths, place.path)).stdout;
      };
      expect(await run(journal)).toBe("wal\n");
      expect(await run(first)).toContain("has the secret that signs");
      const [sample = ""] = codeBlocks("docs/secret-rotation.md", "text");
      const withoutNames = (text: string) =>
        text
          .trim()
          .replace(/\b[0-9a-f]{12}\b/g, "FINGERPRINT")
          .replace(/\d{4}-\S+Z/g, "TIME");
      expect(withoutNames(await run(rotate))).toBe(withoutNames(sample));
      expect(await run(status)).toContain("rotation: overlapping");
      expect(await run(rotate)).toContain("run this command again");
    } finally {
      await database.stop();
      await place.remove();
    }
  });

  it("has commands and keys for the way by hand", async () => {
    const place = await createTemporaryDirectory("by-hand");
    try {
      const paths = await installProgram(place);
      const [yaml = ""] = codeBlocks("docs/production.md", "yaml");
      const [byHand = ""] = codeBlocks("docs/secret-rotation.md", "yaml", "   ");
      const { secretFiles } = parse(byHand).ice.turn;
      await place.write("ice-service.yaml", yaml);
      await place.write("connector-tokens.yaml", "tokens: []");
      await place.write("turn.secret", "south-south-south-south");
      const [newSecret = "", check = ""] = codeBlocks("docs/secret-rotation.md", "sh", "   ");
      await shell(newSecret, paths, place.path);
      const env = { ...paths, ICE_TURN_SECRET_FILE: secretFiles.join(",") };
      const { stderr } = await shell(check, env, place.path);
      expect(stderr).toMatch(/can be removed from the TURN server 6h \(the longest ttl\)/);
    } finally {
      await place.remove();
    }
  });

  it("links to headings and files that exist", () => {
    expect(readRoot("docs/secret-rotation.md")).toMatch(/^## By hand$/m);
    expect(readRoot("docs/production.md")).toContain("](secret-rotation.md)");
  });
});

describe("docs/check.md", () => {
  it("has a command that tells how the TURN servers are, in the columns that are explained", async () => {
    const place = await createTemporaryDirectory("check");
    const coturn = await startCoturn({ secrets: ["north-north-north-north"] });
    try {
      const paths = await installProgram(place);
      await place.write("turn.secret", "north-north-north-north");
      await place.write("tokens.yaml", "tokens: []");
      await place.write(
        "ice-service.yaml",
        stringify({
          auth: { connectorTokensFile: "tokens.yaml" },
          ice: {
            stunUrls: [`stun:127.0.0.1:${coturn.port}`],
            turn: { urls: [`turn:127.0.0.1:${coturn.port}`], secretFiles: ["turn.secret"] },
          },
        }),
      );
      const [command = ""] = codeBlocks("docs/check.md", "sh");
      const { stdout } = await shell(command, paths, place.path);
      const [head = "", ...rows] = stdout.trimEnd().split("\n");
      expect(rows).toHaveLength(2);
      const [sample = ""] = codeBlocks("docs/check.md", "text");
      const columns = head.split(/ +/);
      expect(sample.split("\n")[0]?.split(/ +/)).toEqual(columns);
      for (const column of columns.slice(1)) {
        expect(readRoot("docs/check.md")).toContain(`| \`${column}\``);
      }
    } finally {
      await coturn.stop();
      await place.remove();
    }
  });

  it("lists every cause with the fix that is printed", () => {
    const rows = [...readRoot("docs/check.md").matchAll(/^\| `([a-z][a-z-]*)` +\| (.*?) +\|$/gm)];
    const listed = rows.map(([, cause = "", fix = ""]) => [cause, fix] as const);
    expect(listed).toEqual(probeCauses.map((cause) => [cause, probeFixes[cause]]));
  });
});

describe("docs/watch.md", () => {
  it("has a configuration that is accepted", async () => {
    const [yaml = ""] = codeBlocks("docs/watch.md", "yaml", "  ");
    const service = await startIceService({
      files: { "tokens.yaml": "tokens: []" },
      config: { auth: { connectorTokensFile: "tokens.yaml" }, ...parse(yaml) },
    });
    await service.stop();
    expect(parse(yaml)).toEqual({ ice: { watch: { repeat: "45s" } } });
  });
});

describe("docs/health.md", () => {
  it("has a section for the configuration, and a command that tells of each URL", async () => {
    const [yaml = ""] = codeBlocks("docs/health.md", "yaml");
    const { probe } = parse(yaml).ice.turn;
    const service = await startIceService({
      files: { "tokens.yaml": "tokens: []", "turn.secret": "north-north-north-north" },
      config: {
        admin: { port: 0 },
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: {
          stunUrls: [],
          turn: { urls: ["turn:127.0.0.1:9"], secretFiles: ["turn.secret"], probe },
        },
        shutdown: { delay: "0s" },
      },
    });
    try {
      const [command = ""] = codeBlocks("docs/health.md", "sh");
      expect(command).toContain("http://127.0.0.1:9090");
      const here = command.replace("http://127.0.0.1:9090", service.adminUrl ?? "");
      const { stdout } = await shell(here, {}, "/");
      expect(JSON.parse(stdout)).toEqual({
        probing: true,
        groups: [
          {
            kind: "turn",
            state: "live",
            urls: [expect.objectContaining({ url: "turn:127.0.0.1:9", state: "unknown" })],
          },
        ],
      });
    } finally {
      await service.stop();
    }
  });

  it("links to headings and files that exist", () => {
    expect(readRoot("docs/check.md")).toMatch(/^## Causes$/m);
    expect(readRoot("README.md")).toContain("](docs/health.md)");
  });
});

describe("docs/end-users.md", () => {
  it("gets servers for a user by its commands, with its configuration", async () => {
    const place = await createTemporaryDirectory("end-users");
    try {
      const path = await installProgram(place);
      const [makeToken = "", curl = ""] = codeBlocks("docs/end-users.md", "sh", "   ");
      const { stdout } = await shell(makeToken, path, place.path);
      const token = /^ice_\S+$/m.exec(stdout)?.[0] ?? "";
      const [scopes = ""] = codeBlocks("docs/end-users.md", "yaml", "   ");
      const [limits = ""] = codeBlocks("docs/end-users.md", "yaml");
      await place.write("scopes.yaml", scopes);
      const check = await shell("ice-service config check --config scopes.yaml", path, place.path);
      expect(parse(check.stdout).auth.jwt).toMatchObject([{ usersScope: "ice:users" }]);
      const documented = await startIceService({
        files: {
          "tokens.yaml": stdout.slice(stdout.indexOf("tokens:")),
          "turn.secret": "north-north-north-north",
        },
        config: {
          auth: { connectorTokensFile: "tokens.yaml" },
          ...parse(limits),
          ice: {
            turn: {
              urls: ["turn:turn.example.com"],
              secretFiles: ["turn.secret"],
              identity: "subject",
            },
          },
        },
      });
      try {
        const answer = await shell(curl, { ICE_URL: documented.url, TOKEN: token });
        expect(answer.stdout).toContain(".signaling/alice");
      } finally {
        await documented.stop();
      }
    } finally {
      await place.remove();
    }
  });
});

describe("docs/rate-limits.md", () => {
  it("has a configuration that is valid", async () => {
    const place = await createTemporaryDirectory("rate-limits");
    try {
      const [yaml = ""] = codeBlocks("docs/rate-limits.md", "yaml");
      await place.write("tokens.yaml", connectorTokens({ a: "a-token" }));
      await place.write("ice.yaml", `${yaml}\nauth: { connectorTokensFile: tokens.yaml }\n`);
      const check = "ice-service config check --config ice.yaml";
      const { stdout, stderr } = await shell(check, await installProgram(place), place.path);
      expect(parse(stdout).limits).toMatchObject({
        ...parse(yaml).limits,
        caller: { requests: 600, window: "1m" },
        user: { requests: 60, window: "1m" },
        failedAuthentication: { requests: 30, window: "1m" },
        redis: { url: "redis://redis.example.com:6379", keyPrefix: "ice-service:" },
      });
      expect(stderr.match(/warning: .*/g)).toEqual([expect.stringMatching(/no TURN server/)]);
    } finally {
      await place.remove();
    }
  });
});

describe("docs/scaling.md", () => {
  it.each(codeBlocks("docs/scaling.md", "sh"))("%s", async (command) => {
    const place = await createTemporaryDirectory("scaling");
    try {
      const paths = await installProgram(place);
      await place.write("connector-tokens.yaml", "tokens: []");
      await place.write(
        "ice-service.yaml",
        "auth: { connectorTokensFile: connector-tokens.yaml }\nadmin: false\nshutdown: { delay: 0s }\n",
      );
      const serving = startProcess({
        name: command,
        command: "bash",
        args: ["-c", `exec ${command}`],
        cwd: place.path,
        env: { ...paths, ICE_HOST: "127.0.0.1", ICE_PORT: "0" },
      });
      try {
        const ready: { workers?: number } = await serving.untilReady(() => {
          const line = /^.*"ready".*$/m.exec(serving.stderr());
          return line === null ? undefined : JSON.parse(line[0]);
        });
        expect(ready.workers ?? 1).toBe(availableParallelism());
      } finally {
        expect(await serving.stop()).toBe(0);
      }
    } finally {
      await place.remove();
    }
  });
});
