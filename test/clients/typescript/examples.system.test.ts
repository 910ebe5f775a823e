import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { startIceService } from "../../parts/ice-service.js";
import { connectorTokens } from "../../parts/tokens.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const token = "example-token-of-the-client";

it("prints a list after the two commands of the README", async () => {
  const service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ example: token }) },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: ["stun:stun.example.com"] },
    },
  });
  try {
    await run("npm", ["run", "build", "--prefix", "clients/typescript"], { cwd: root });
    const { stdout } = await run("node", ["clients/typescript/examples/print-list.mjs"], {
      cwd: root,
      env: { ...process.env, ICE_URL: service.url, TOKEN: token },
    });
    expect(JSON.parse(stdout)).toEqual({ iceServers: [{ urls: ["stun:stun.example.com"] }] });
  } finally {
    await service.stop();
  }
});
