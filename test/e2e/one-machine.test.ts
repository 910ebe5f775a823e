import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { createCertificate } from "../parts/certificate.js";
import { acceptsTcp, runProgram, startProcess } from "../parts/child-process.js";
import { readProxyBlocks, startDocumentedProxy } from "../parts/documented-proxies.js";
import { findFreePort } from "../parts/free-port.js";
import { startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const token = "one-machine-token";
const secret = "north-north-north-north";
const nginxAddress = "127.0.0.11";
const turnAddress = "127.0.0.12";
const heading = "nginx and coturn on one machine";

it("nginx and coturn have the same port of two addresses, as docs/proxies.md says", async () => {
  const port = await findFreePort();
  const place = await createTemporaryDirectory("one-machine");
  const certificate = await createCertificate();
  const certFile = await certificate.signAnother(`IP:${nginxAddress},IP:${turnAddress}`, 1);
  const toHere = (text: string) =>
    text
      .replaceAll("192.0.2.1", nginxAddress)
      .replaceAll("192.0.2.2", turnAddress)
      .replace(/\b443\b/, String(port));
  const [listen = ""] = readProxyBlocks(heading, "nginx");
  const [addresses = ""] = readProxyBlocks(heading, "ini");
  const turnserver = await place.write(
    "turnserver.conf",
    [
      toHere(addresses),
      // In the place of 443, which docs/production.md has.
      `tls-listening-port=${port}`,
      `listening-port=${await findFreePort()}`,
      ...[`cert=${certFile}`, `pkey=${certificate.keyFile}`, "no-dtls", "no-cli"],
      ...["use-auth-secret", `static-auth-secret=${secret}`, "realm=turn.test"],
      ...["allow-loopback-peers", "log-file=stdout", "simple-log"],
      ...[`pidfile=${place.path}/pid`, `userdb=${place.path}/db`],
    ].join("\n"),
  );
  const url = `turns:${turnAddress}:${port}?transport=tcp`;
  const config = {
    auth: { connectorTokensFile: "tokens.yaml" },
    ice: { stunUrls: [], turn: { urls: [url], secretFiles: ["turn.secret"] } },
    shutdown: { delay: "0s" },
  };
  const files = { "tokens.yaml": connectorTokens({ a: token }), "turn.secret": secret };
  const service = await startIceService({ files, config });
  const coturn = startProcess({
    name: "coturn",
    command: "turnserver",
    args: ["-c", turnserver],
    cwd: place.path,
  });
  try {
    const nginx = await startDocumentedProxy("nginx", {
      upstreamPorts: [service.port, service.port],
      certificate: { ...certificate, certFile },
      on: { host: nginxAddress, port },
      adjust(block) {
        expect(block).toContain("listen 443 ssl http2;");
        return block.replace("listen 443 ssl http2;", toHere(listen).trim());
      },
    });
    try {
      await coturn.untilReady(() => acceptsTcp(port, turnAddress));
      const api = `https://${nginxAddress}:${port}/api/v1/ice-servers?token=${token}`;
      const list = await runProgram("curl", ["-sS", "--cacert", certificate.caFile, api]);
      expect(JSON.parse(list.stdout)).toMatchObject({ iceServers: [{ urls: [url] }] });
      for (const [name, content] of Object.entries(files)) {
        await place.write(name, content);
      }
      const file = await place.write("ice.yaml", stringify(config));
      const check = ["check", "--config", file, "--ca", certificate.caFile, "--json"];
      const { stdout } = await runProgram(process.execPath, [program, ...check]);
      expect(JSON.parse(stdout).results).toMatchObject([{ url, ok: true, relayProven: true }]);
    } finally {
      await nginx.stop();
    }
  } finally {
    await coturn.stop("SIGKILL");
    await service.stop();
    await certificate.stop();
    await place.remove();
  }
});
