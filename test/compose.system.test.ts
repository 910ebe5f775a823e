import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { systemClock } from "../src/clock.js";
import { startService } from "../src/compose.js";
import { ConfigError } from "../src/errors.js";
import { DiskFiles } from "../src/files/disk-files.js";
import { loadConfig } from "../src/service-config.js";
import { createCertificate } from "./parts/certificate.js";
import { createQuietSurroundings } from "./parts/quiet-surroundings.js";
import { createTemporaryDirectory } from "./parts/temporary-directory.js";
import { connectorTokens } from "./parts/tokens.js";

it("a reload whose last part fails changes nothing at all", async () => {
  const certificate = await createCertificate();
  const directory = await createTemporaryDirectory("compose");
  await directory.write("tokens.yaml", connectorTokens({ test: "good" }));
  const load = async (certFile: string, stunUrl: string) => {
    const config = {
      listen: { host: "127.0.0.1", port: 0, tls: { certFile, keyFile: certificate.keyFile } },
      admin: false,
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: [stunUrl] },
      shutdown: { delay: "0s" },
    };
    const file = await directory.write("ice.yaml", stringify(config));
    const files = new DiskFiles();
    return { config: loadConfig({ file, env: {}, files }).config, files };
  };
  const first = await load(certificate.certFile, "stun:old.example.com");
  const service = await startService(
    first.config,
    first.files,
    createQuietSurroundings(systemClock),
  );
  const readAnswer = async () => {
    const request = get(`${service.url}/api/v1/ice-servers`, {
      headers: { authorization: "Bearer good" },
      rejectUnauthorized: false,
      agent: false,
    });
    const [response]: IncomingMessage[] = await once(request, "response");
    return response && text(response);
  };
  try {
    await service.ready;
    const broken = await directory.write("broken.pem", "no certificate");
    const next = await load(broken, "stun:new.example.com");
    expect(() => service.reload(next.config, next.files)).toThrow(ConfigError);
    expect(await readAnswer()).toContain("stun:old.example.com");

    const good = await load(certificate.certFile, "stun:new.example.com");
    service.reload(good.config, good.files);
    expect(await readAnswer()).toContain("stun:new.example.com");
  } finally {
    await service.stop();
    await Promise.all([certificate.stop(), directory.remove()]);
  }
});
