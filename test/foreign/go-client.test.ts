import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { runProgram, startProcess } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { findGoTool } from "./go-tools.js";

const source = join(import.meta.dirname, "../../clients/go");
const token = "go-client-token";
const jwtSecret = "a-secret-of-an-issuer-of-tests-only";
const slow = { timeout: 600_000 };
const readme = readFileSync(join(source, "README.md"), "utf8");

let certificate: TestCertificate;
let service: IceService;
let secureService: IceService;
beforeAll(async () => {
  certificate = await createCertificate();
  service = await startService({});
  const { certFile, keyFile } = certificate;
  secureService = await startService({ tls: { certFile, keyFile } });
});
afterAll(async () => {
  await service?.stop();
  await secureService?.stop();
  await certificate?.stop();
});

function startService(listen: object): Promise<IceService> {
  return startIceService({
    files: {
      "tokens.yaml": connectorTokens({ go: token }),
      "turn.secret": "north",
      "jwt.secret": jwtSecret,
    },
    config: {
      listen,
      auth: {
        connectorTokensFile: "tokens.yaml",
        jwt: [
          {
            issuer: "https://issuer.test",
            audience: "ice-service",
            algorithms: ["HS256"],
            secretFile: "jwt.secret",
            clockTolerance: "0s",
          },
        ],
      },
      ice: {
        stunUrls: ["stun:stun.example.com"],
        turn: {
          urls: ["turn:turn.example.com"],
          secretFiles: ["turn.secret"],
          capAtTokenExpiry: true,
        },
      },
    },
  });
}

/** Runs a program in the client's folder, and returns what it prints. */
async function run(command: string, args: readonly string[], env: object = {}): Promise<string> {
  const options = { cwd: source, env: { ...process.env, ...env }, ...slow };
  const { stdout } = await runProgram("nice", [command, ...args], options);
  return stdout;
}

describe("clients/go", () => {
  it("is formatted", slow, async () => {
    expect(await run("gofmt", ["-l", "."])).toBe("");
  });

  it("passes go vet and staticcheck", slow, async () => {
    await run("go", ["vet", "-tags=service", "./..."]);
    await run(findGoTool("staticcheck"), ["-tags=service", "./..."]);
  });

  it("names every module that it needs, and no other", slow, async () => {
    await run("go", ["mod", "tidy", "-diff"]);
  });

  it("passes its own tests, with the built service", slow, async () => {
    await run("go", ["test", "-count=1", "-tags=service", "./..."], {
      ICE_URL: service.url,
      ICE_TLS_URL: secureService.url.replace("127.0.0.1", "localhost"),
      CA_FILE: certificate.caFile,
      TOKEN: token,
      JWT_SECRET: jwtSecret,
    });
  });
});

describe("examples/print-list", () => {
  it("prints what an RTCPeerConnection takes, with the command of the README", slow, async () => {
    const [, command = ""] = /^(go run .*)$/m.exec(readme) ?? [];
    const { stdout } = await runProgram("sh", ["-c", command], {
      cwd: join(source, "../.."),
      env: { ...process.env, ICE_URL: service.url, TOKEN: token },
      ...slow,
    });
    expect(JSON.parse(stdout)).toEqual([
      { urls: ["stun:stun.example.com"] },
      {
        urls: ["turn:turn.example.com"],
        username: expect.stringMatching(/^\d+:webrtc-gateway$/),
        credential: expect.any(String),
      },
    ]);
  });

  it("says what to set", slow, async () => {
    await expect(run("go", ["run", "./examples/print-list"], { TOKEN: "" })).rejects.toThrow(
      "set ICE_URL and TOKEN",
    );
  });

  it("goes on watching after the service has restarted", slow, async () => {
    const directory = await createTemporaryDirectory("print-list");
    const program = join(directory.path, "print-list");
    await run("go", ["build", "-o", program, "./examples/print-list"]);
    const port = await findFreePort();
    const first = await startService({ port });
    const watcher = startProcess({
      name: "print-list",
      command: program,
      args: ["-watch"],
      cwd: directory.path,
      env: { ICE_URL: first.url, TOKEN: token },
    });
    const untilLists = (count: number) =>
      watcher.untilReady(() => watcher.stdout().split("\n").length > count || undefined);
    await untilLists(1);
    await first.stop();
    const second = await startService({ port });
    await untilLists(2);
    expect(await watcher.stop("SIGINT")).toBe(0);
    expect(watcher.stderr()).toContain("watching again in");
    await second.stop();
    await directory.remove();
  });
});
