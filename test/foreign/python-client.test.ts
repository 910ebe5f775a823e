import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { token } from "./called-service.js";

const root = join(import.meta.dirname, "../..");
const source = join(root, "clients/python");
/** Where install-tools.sh has put what the package's own tests need. */
const digest = createHash("sha256").update(readFileSync(join(source, "dev-requirements.txt")));
const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
const slow = { timeout: 900_000 };
const tools = join(cache, "ice-service/python-client", digest.digest("hex").slice(0, 16));

/** Runs a program of the package's tests, and returns its output, also when it fails. */
async function run(name: string, ...args: readonly string[]) {
  const env = {
    ...process.env,
    MYPY_CACHE_DIR: join(tools, "mypy-cache"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const outcome = runProgram(join(tools, "bin", name), args, {
    cwd: source,
    env,
    timeout: slow.timeout,
  });
  return outcome.then(({ stdout }) => stdout).catch(readFailure);
}

function readFailure(error: unknown): string {
  return error instanceof Object && "stdout" in error ? `${error}\n${error.stdout}` : `${error}`;
}

describe("clients/python", () => {
  it.each<[program: string, args: string[], success: RegExp]>([
    ["ruff", ["format", "--check", "--no-cache"], /^\d+ files already formatted\n$/],
    ["ruff", ["check", "--no-cache"], /^All checks passed!\n$/],
    ["mypy", [], /^Success: no issues found in \d+ source files\n$/],
    ["pytest", ["-q", "-p", "no:cacheprovider"], /\n\d{2,} passed in [^\n]*\n$/],
  ])("passes %s %j", slow, async (program, args, success) => {
    expect(await run(program, ...args)).toMatch(success);
  });
});

describe("clients/python/README.md", () => {
  let directory: TemporaryDirectory;
  let coturn: Coturn;
  let service: IceService;
  beforeAll(async () => {
    directory = await createTemporaryDirectory("python-client");
    coturn = await startCoturn({ secrets: ["north-north-north-north"] });
    service = await startIceService({
      files: {
        "tokens.yaml": connectorTokens({ foreign: token }),
        "turn.secret": "north-north-north-north",
      },
      config: {
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: {
          stunUrls: ["stun:stun.example.com"],
          turn: { urls: [`turn:127.0.0.1:${coturn.port}`], secretFiles: ["turn.secret"] },
        },
      },
    });
  });
  afterAll(async () => {
    await service?.stop();
    await coturn?.stop();
    await directory?.remove();
  });

  const readme = readFileSync(join(source, "README.md"), "utf8");
  const commands = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, code = ""]) => code);

  it(
    "gets from nothing to a printed list in two commands, and to a call in two more",
    slow,
    async () => {
      const [list = "", call = ""] = commands;
      const here = (code: string) => code.replaceAll("/tmp/ice-python", directory.path);
      const env = { ...process.env, ICE_URL: service.url, TOKEN: token };
      const bash = async (code: string) =>
        (await runProgram("bash", ["-ec", here(code)], { cwd: root, env, timeout: slow.timeout }))
          .stdout;
      expect(list.trim().split("\n")).toHaveLength(2);
      const printed = await bash(list);
      expect(JSON.parse(printed.slice(printed.search(/^\[/m)))).toEqual([
        { urls: ["stun:stun.example.com"] },
        {
          urls: [`turn:127.0.0.1:${coturn.port}`],
          username: expect.stringMatching(/^\d+:webrtc-gateway$/),
          credential: expect.any(String),
        },
      ]);
      expect(await bash(call)).toMatch(/^ping, pong$/m);
      const package_ = "lib/python3.*/site-packages/ice_service_client";
      expect(await bash(`cd "$(echo /tmp/ice-python/${package_})" && ls py.typed`)).toBe(
        "py.typed\n",
      );
    },
  );
});
