import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findFreePort } from "../parts/free-port.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { startProxy } from "../parts/proxy-process.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const document = readFileSync(
  fileURLToPath(new URL("../../docs/production.md", import.meta.url)),
  "utf8",
);
const [, section = ""] = /^## Keep tokens out of the proxy's log\n(.*?)^## /ms.exec(document) ?? [];
const readBlock = (language: string) =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(section)?.[1] ?? "";

interface Place {
  readonly directory: string;
  /** Where the proxy listens. */
  readonly port: number;
  readonly upstreamPort: number;
}

/** Each with its log as the document has it. */
const proxies: Record<
  string,
  { readonly configure: (place: Place) => string; readonly args: (file: string) => string[] }
> = {
  nginx: {
    configure: ({ directory, port, upstreamPort }) => `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
events {}
http {
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  ${readBlock("nginx").replaceAll("/var/log/nginx", directory)}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${upstreamPort}; }
  }
}`,
    args: (file) => ["-p", ".", "-c", file, "-e", "stderr"],
  },
  haproxy: {
    configure: ({ port, upstreamPort }) => `
global
  log stderr format raw local0
${readBlock("haproxy")}
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
listen ice
  bind 127.0.0.1:${port}
  server service 127.0.0.1:${upstreamPort}
`,
    args: (file) => ["-db", "-f", file],
  },
  caddy: {
    configure: ({ port, upstreamPort }) => `
${readBlock("caddyfile").replace("{", "{\n  admin off")}
http://127.0.0.1:${port} {
  log
  reverse_proxy http://127.0.0.1:${upstreamPort}
}
`,
    args: (file) => ["run", "--adapter", "caddyfile", "--config", file],
  },
  apache2: {
    configure: ({ directory, port, upstreamPort }) => `
ServerRoot ${directory}
DefaultRuntimeDir ${directory}
PidFile ${directory}/apache.pid
ServerName localhost
ErrorLog ${directory}/error.log
${process.getuid?.() === 0 ? "User nobody\nGroup nogroup" : ""}
${["mpm_event", "authz_core", "proxy", "proxy_http"].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
${readBlock("apache").replaceAll("/var/log/apache2", directory)}
Listen 127.0.0.1:${port}
ProxyPass "/" "http://127.0.0.1:${upstreamPort}/"
`,
    args: (file) => ["-X", "-f", file],
  },
};

const token = "proxy-logs-test-token";
const queries = [
  `/turn?service=turn&key=${token}&api=${token}&username=alice-of-proxy-logs`,
  `/api/v1/ice-servers?token=${token}&user=alice-of-proxy-logs&clientAddress=198.51.100.77`,
];

describe.each(Object.keys(proxies))("the log of %s, as docs/production.md has it", (name) => {
  it("has paths, and neither tokens nor users, whether the service is up or down", async () => {
    const { configure, args } = proxies[name] ?? { configure: () => "", args: () => [] };
    const directory = await createTemporaryDirectory("proxy-logs");
    const service: IceService = await startIceService({
      files: {
        "tokens.yaml": connectorTokens({ janus: token }, ["janus"]),
        "turn.secret": "north",
      },
      config: {
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
        shutdown: { delay: "0s" },
      },
    });
    const port = await findFreePort();
    const place = { directory: directory.path, port, upstreamPort: service.port };
    const file = await directory.write("proxy.conf", configure(place));
    const proxy = await startProxy({ name, args: args(file), directory, ports: [port] });
    const logFiles = ["ice.log", "error.log"].map((each) => `${directory.path}/${each}`);
    const readLog = () =>
      [
        proxy.child.stdout(),
        proxy.child.stderr(),
        ...logFiles.map((each) => (existsSync(each) ? readFileSync(each, "utf8") : "")),
      ].join("\n");
    const ask = async () => {
      const statuses: number[] = [];
      for (const query of queries) {
        const headers = { Authorization: "Bearer header-token-of-proxy-logs" };
        const noHeaders = await fetch(`http://127.0.0.1:${port}${query}`);
        await fetch(`http://127.0.0.1:${port}${query}`, { headers });
        statuses.push(noHeaders.status);
      }
      return statuses;
    };
    try {
      expect(await ask()).toEqual([200, 200]);
      await service.stop();
      for (const status of await ask()) {
        expect([502, 503]).toContain(status);
      }
      await expect.poll(() => readLog().match(/\/turn\b/g)?.length).toBeGreaterThanOrEqual(4);
      expect(readLog()).toContain("/api/v1/ice-servers");
      expect(readLog()).not.toMatch(/proxy-logs-test|of-proxy-logs|198\.51\.100\.77/);
    } finally {
      await proxy.stop();
      await service.stop();
    }
  });
});
