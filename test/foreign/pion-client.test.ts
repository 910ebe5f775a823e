import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { secondsFromNow } from "../parts/real-time.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const secret = "north-north-north-north";
const source = join(import.meta.dirname, "pion-client");

let coturn: Coturn;
let directory: TemporaryDirectory;
beforeAll(async () => {
  coturn = await startCoturn({ secrets: [secret] });
  directory = await createTemporaryDirectory("pion-client");
  await cp(source, directory.path, { recursive: true });
  await runProgram("nice", ["go", "build", "-o", "client", "."], {
    cwd: directory.path,
    env: process.env,
    timeout: 300_000,
  });
}, 300_000);
afterAll(async () => {
  await coturn?.stop();
  await directory?.remove();
});

describe("useICEServers of docs/refresh.md, with pion's client", () => {
  it("is what runs here", () => {
    const guide = readFileSync(join(import.meta.dirname, "../../docs/refresh.md"), "utf8");
    const [, code = ""] = /^```go\n(.*?)^```/ms.exec(guide) ?? [];
    expect(code).toContain("func useICEServers");
    expect(readFileSync(join(source, "main.go"), "utf8")).toContain(code);
  });

  it("makes a relay with the new credential, and keeps the policy", () => {
    const username = `${secondsFromNow(600)}:pion`;
    const credential = createHmac("sha1", secret).update(username).digest("base64");
    const servers = [{ urls: [`turn:127.0.0.1:${coturn.port}`], username, credential }];
    const { stdout, stderr } = spawnSync(join(directory.path, "client"), {
      input: JSON.stringify(servers),
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(stdout, stderr).toBe("before 0, after true, policy relay\n");
  });
});
