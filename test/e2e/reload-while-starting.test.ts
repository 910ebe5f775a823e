import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { createCertificate } from "../parts/certificate.js";
import { runProgram, startProcess } from "../parts/child-process.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const preload = new URL("../parts/held-worker-start.mjs", import.meta.url).href;
/** Larger than what is sent to a worker in one message. */
const padding = "# padding\n".repeat(40_000);

it.each([
  { name: "before they listen to the primary", holdAt: "start" },
  { name: "while they open their port", holdAt: "listen" },
])("workers serve by a configuration that is reloaded $name", async ({ holdAt }) => {
  const directory = await createTemporaryDirectory("while-starting");
  const certificate = await createCertificate();
  const writeCertificate = async (name: string, certFile: string) =>
    directory.write(name, `${await readFile(certFile, "utf8")}${padding}`);
  const writeConfig = async (tokensFile: string, certFile: string) =>
    directory.write(
      "ice.yaml",
      stringify({
        listen: { host: "localhost", port: 0, tls: { certFile, keyFile: certificate.keyFile } },
        admin: false,
        auth: { connectorTokensFile: tokensFile },
        shutdown: { delay: "0s", timeout: "1s" },
      }),
    );
  const config = await writeConfig(
    await directory.write("first.yaml", connectorTokens({ a: "first-token" })),
    await writeCertificate("first.pem", certificate.certFile),
  );
  const released = join(directory.path, "released");
  const child = startProcess({
    name: "ice-service",
    command: process.execPath,
    args: [program, "serve", "--workers", "2", "--config", config],
    cwd: directory.path,
    env: { NODE_OPTIONS: `--import=${preload}`, HOLD_AT: holdAt, HOLD_UNTIL: released },
  });
  try {
    await child.untilReady(() => child.stderr().match(/^held$/gm)?.length === 2 || undefined);
    await writeConfig(
      await directory.write("second.yaml", connectorTokens({ b: "second-token" })),
      await writeCertificate("second.pem", certificate.certFile),
    );
    await child.untilReady(() => child.stderr().includes('"configuration reloaded"') || undefined);
    await directory.write("released", "");
    const url = await child.untilReady(
      () => /"url":"([^"]+)","workers":2,"msg":"ready"/.exec(child.stderr())?.[1],
    );
    expect(child.stderr()).not.toMatch(/"level":"(error|fatal)"/);
    for (let connection = 0; connection < 4; connection += 1) {
      const route = `${url}/api/v1/ice-servers?token=second-token`;
      const { stdout } = await runProgram("curl", ["-skw", "%{http_code}", "-o/dev/null", route]);
      expect(stdout).toBe("200");
    }
    expect(await child.stop()).toBe(0);
  } finally {
    await child.stop("SIGKILL");
    await Promise.all([certificate.stop(), directory.remove()]);
  }
});
