import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { type PionServer, startPionServer } from "./pion-server.js";

const source = join(import.meta.dirname, "../../clients/go");
const secret = "north-north-north-north";
const token = "relayed-call-token";
const slow = { timeout: 600_000 };

let directory: TemporaryDirectory;
let coturn: Coturn;
let pion: PionServer;
beforeAll(async () => {
  directory = await createTemporaryDirectory("relayed-call");
  coturn = await startCoturn({ secrets: [secret] });
  pion = await startPionServer(secret);
  const args = [
    "go",
    "build",
    "-o",
    join(directory.path, "relayed-call"),
    "./examples/relayed-call",
  ];
  await runProgram("nice", args, { cwd: source, ...slow });
}, slow.timeout);
afterAll(async () => {
  await pion?.stop();
  await coturn?.stop();
  await directory?.remove();
});

/** Lets two peers on pion/webrtc call each other through relays, over several lives of a credential. */
async function call(turnPort: number, lists: number): Promise<string> {
  const service: IceService = await startIceService({
    files: { "tokens.yaml": connectorTokens({ go: token }), "turn.secret": secret },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: {
        stunUrls: [],
        turn: { urls: [`turn:127.0.0.1:${turnPort}`], secretFiles: ["turn.secret"] },
      },
    },
  });
  const args = ["-ttl=60s", `-lists=${lists}`];
  const env = { ...process.env, ICE_URL: service.url, TOKEN: token };
  const { stdout } = await runProgram(join(directory.path, "relayed-call"), args, { env, ...slow });
  await service.stop();
  return stdout;
}

describe("examples/relayed-call", () => {
  const relayed = "a message went from relay to relay\n";

  it.concurrent("goes on with another credential, through coturn", slow, async () => {
    expect(await call(coturn.port, 2)).toBe(relayed.repeat(2));
  });

  it.concurrent("goes on after the first credential has expired, through pion", slow, async () => {
    expect(await call(pion.port, 3)).toBe(relayed.repeat(3));
  });
});

describe("SetICEServers of docs/refresh.md", () => {
  it("is that of pionice", () => {
    const guide = readFileSync(join(import.meta.dirname, "../../docs/refresh.md"), "utf8");
    const [, code = ""] = /^```go\n(.*?)^```/ms.exec(guide) ?? [];
    expect(code).toContain("func SetICEServers");
    expect(readFileSync(join(source, "pionice/pionice.go"), "utf8")).toContain(code);
  });
});
