import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { type RequestOptions, request } from "node:https";
import { buffer } from "node:stream/consumers";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { startProcess } from "../parts/child-process.js";
import { readProxyBlocks, startDocumentedProxy } from "../parts/documented-proxies.js";
import { findFreePort } from "../parts/free-port.js";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import type { ProxyName } from "../parts/proxy-programs.js";
import { connectorTokens } from "../parts/tokens.js";
import { watchWithGrpcJs } from "../parts/watchers.js";

const token = "proxies-document-token";
const authorization = `Bearer ${token}`;
/** A token for calls through one proxy. Its name finds them in the log. */
const tokenOf = (name: ProxyName) => `${token}-of-${name.replace(" ", "-")}`;
const clientAddress = "127.0.0.7";
const rpc = "/ice.v1.IceService/GetIceServers";
/** Text that must not appear in a proxy's log. */
const queries = [
  `/turn?service=turn&key=${token}&api=${token}&username=alice-of-proxies`,
  `/api/v1/ice-servers?token=${token}&user=alice-of-proxies&clientAddress=198.51.100.77`,
];
const page = readFileSync(new URL("../../docs/proxies.md", import.meta.url), "utf8");
/** What must come before which part of a block. */
const largeTokens: Readonly<Record<ProxyName, readonly [before: RegExp, setting: string]>> = {
  nginx: [/server_name/, "large_client_header_buffers 4 48k;"],
  HAProxy: [/^defaults/, "global\n  tune.bufsize 65536"],
  Caddy: [/^/, ""],
  "Apache httpd": [/ServerName/, "LimitRequestFieldSize 48000"],
};
const proxies: readonly ProxyName[] = ["nginx", "HAProxy", "Caddy", "Apache httpd"];

let certificate: TestCertificate;
let ca: Buffer;
let instances: [IceService, IceService];
beforeAll(async () => {
  certificate = await createCertificate();
  ca = readFileSync(certificate.caFile);
  const [settings = ""] = readProxyBlocks("", "yaml");
  instances = await Promise.all([startInstance(settings), startInstance(settings)]);
});
afterAll(async () => {
  await Promise.all(instances.map((instance) => instance.stop()));
  await certificate.stop();
});

/** Starts an instance with the settings of a block on its own port. */
function startInstance(settings: string): Promise<IceService> {
  const { listen, ice = {} } = parse(settings);
  return startIceService({
    files: {
      "tokens.yaml": connectorTokens(
        {
          backend: token,
          ...Object.fromEntries(proxies.map((name) => [name, tokenOf(name)])),
        },
        ["backend"],
      ),
      "turn.secret": "north-north-north-north",
    },
    config: {
      listen: { ...listen, port: 0 },
      auth: { connectorTokensFile: "tokens.yaml", maxTokenBytes: 32_768 },
      ice: { ...ice, turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
      shutdown: { delay: "0s" },
    },
  });
}

/** Calls with TLS as a client at {@link clientAddress}, on a new connection. */
function call(
  port: number,
  path: string,
  options: RequestOptions = {},
  body?: string | Uint8Array,
): Promise<{ readonly status: number | undefined; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ host: "127.0.0.1", servername: "localhost", localAddress: clientAddress, port, path },
        ...{ ca, agent: false },
        ...options,
        headers: { Host: `localhost:${port}`, ...options.headers },
      },
      (response) => {
        buffer(response).then(
          (read) => resolve({ status: response.statusCode, body: read }),
          reject,
        );
      },
    );
    sent.on("error", reject).end(body);
  });
}

/** Calls REST over HTTP/2. */
function callHttp2(port: number, authorized: { authorization: string }) {
  const session = connectHttp2(`https://localhost:${port}`, { ca });
  return new Promise<number | undefined>((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({ ":path": "/api/v1/ice-servers", ...authorized });
    stream.on("error", reject).on("response", (headers) => resolve(headers[":status"]));
    stream.resume();
  }).finally(() => session.destroy());
}

it("docs/proxies.md has no block that is not run or decoded", () => {
  expect(
    [...page.matchAll(/^## (.+)$|^ *```(\w+)$/gm)].map(
      ([, heading, language]) => language ?? `# ${heading}`,
    ),
  ).toEqual([
    "yaml",
    ...["# nginx", "nginx", "# HAProxy", "haproxy", "# Caddy", "caddyfile"],
    ...["# Apache httpd", "apache", "# Envoy", "yaml"],
    ...["# Balancers that pass TCP connections on", "yaml", "haproxy"],
    ...["# nginx and coturn on one machine", "nginx", "ini"],
  ]);
});

describe.each(proxies)("docs/proxies.md: %s", (name) => {
  const start = (upstreamPorts: readonly [number, number]) =>
    startDocumentedProxy(name, {
      upstreamPorts,
      certificate,
      // Caddy looks for an instance that is up only for this long.
      adjust: (block) => block.replace("lb_try_duration 10s", "lb_try_duration 1s"),
    });

  it("passes every protocol on, with the client's address", async () => {
    const proxy = await start([instances[0].port, instances[1].port]);
    const client = createGrpcJsClient(`localhost:${proxy.port}`, credentials.createSsl(ca));
    const authorized = { authorization: `Bearer ${tokenOf(name)}` };
    const headers = { ...authorized, "X-Forwarded-For": "192.0.2.66" };
    const post = (type: string, body: string | Uint8Array) => {
      const more = { "content-type": type };
      return call(proxy.port, rpc, { method: "POST", headers: { ...headers, ...more } }, body);
    };
    try {
      const rest = await call(proxy.port, "/api/v1/ice-servers", { headers });
      expect(rest.status).toBe(200);
      expect(await callHttp2(proxy.port, authorized)).toBe(200);
      expect(await post("application/json", "{}")).toMatchObject({ status: 200 });
      const web = await post("application/grpc-web+proto", new Uint8Array(5));
      expect(web.body.toString("latin1")).toMatch(/turn\.example\.com.*grpc-status: ?0/s);
      const grpc = await client.getIceServers({ token: tokenOf(name) });
      expect(grpc.ttlSeconds).toBe(86_400);
      const listCalls = () =>
        instances
          .flatMap((instance) => instance.logs())
          .filter(({ caller }) => Object(caller).name === name)
          .map(({ protocol, remoteAddress }) => `${protocol} ${remoteAddress}`)
          .sort();
      await expect
        .poll(listCalls)
        .toEqual([
          `connect ${clientAddress}`,
          "grpc 127.0.0.1",
          `grpc-web ${clientAddress}`,
          "rest 127.0.0.1",
          `rest ${clientAddress}`,
        ]);
    } finally {
      await client.stop();
      await proxy.stop();
    }
  });

  it("lets the largest tokens through with the setting that the page names", async () => {
    const [before, setting] = largeTokens[name];
    const adjust = (block: string) => block.replace(before, (found) => `${setting}\n${found}`);
    const upstreamPorts = [instances[0].port, instances[1].port] as const;
    const proxy = await startDocumentedProxy(name, { upstreamPorts, certificate, adjust });
    try {
      const headers = { authorization: `Bearer ${"x".repeat(32_000)}` };
      const answer = await call(proxy.port, "/api/v1/ice-servers", { headers });
      expect(answer.body.toString()).toContain("invalid auth token");
      expect(page).toContain(setting.split("\n").at(-1)?.trim());
    } finally {
      await proxy.stop();
    }
  });

  it("passes a watch on, event by event", async () => {
    const proxy = await start([instances[0].port, instances[1].port]);
    const url = `https://localhost:${proxy.port}`;
    const curl = ["-sN", "--cacert", certificate.caFile, "-H", `Authorization: ${authorization}`];
    const events = startProcess({
      name: "a watch over REST",
      command: "curl",
      args: [...curl, `${url}/api/v1/ice-servers:watch`],
      cwd: "/",
    });
    const grpc = watchWithGrpcJs(url, { token, ca });
    try {
      await events.untilReady(() => events.stdout().match(/^data: .*turn\.example\.com/m)?.[0]);
      await expect.poll(() => grpc.lists.length).toBe(1);
    } finally {
      grpc.leave();
      await events.stop();
      await proxy.stop();
    }
  });

  it.each([
    ["up", true],
    ["down", false],
  ])("logs paths, and neither tokens nor users, while the instances are %s", async (_, areUp) => {
    const ports = areUp
      ? ([instances[0].port, instances[1].port] as const)
      : ([await findFreePort(), await findFreePort()] as const);
    const proxy = await start(ports);
    const headers = { Authorization: "Bearer header-token-of-proxies" };
    try {
      const answers = await Promise.all(
        queries.flatMap((query) => [call(proxy.port, query), call(proxy.port, query, { headers })]),
      );
      const statuses = answers.map((answer) => answer.status);
      expect(statuses).toEqual(
        areUp ? [200, 400, 200, 400] : statuses.map(() => expect.toSatisfy(isGatewayError)),
      );
      await expect.poll(proxy.output).toMatch(/\/turn\b.*\/turn\b/s);
      await expect.poll(proxy.output).toMatch(/\/ice-servers\b.*\/ice-servers\b/s);
      expect(proxy.output()).not.toMatch(/proxies-document|of-proxies|198\.51\.100\.77/);
    } finally {
      await proxy.stop();
    }
  });
});

const isGatewayError = (code: unknown) => code === 502 || code === 503;

describe("docs/proxies.md: HAProxy as a balancer for TCP", () => {
  it("names the client to instances that list it, and checks them", async () => {
    const heading = "Balancers that pass TCP connections on";
    const [settings = ""] = readProxyBlocks(heading, "yaml");
    const here = settings
      .replace("10.0.0.0/24", "127.0.0.1/32")
      .replace("fullchain.pem", certificate.certFile)
      .replace("privkey.pem", certificate.keyFile);
    const instances = await Promise.all([startInstance(here), startInstance(here)]);
    const [first, second] = instances;
    const upstreamPorts = [first.port, second.port] as const;
    const proxy = await startDocumentedProxy("HAProxy", { heading, upstreamPorts, certificate });
    try {
      const ask = () => call(proxy.port, "/api/v1/ice-servers", { headers: { authorization } });
      expect(await ask()).toMatchObject({ status: 200 });
      const listCalls = () =>
        instances
          .flatMap((instance) => instance.logs())
          .flatMap(({ code, remoteAddress }) => (code === "ok" ? [remoteAddress] : []));
      await expect.poll(listCalls).toEqual([clientAddress]);
      await first.stop();
      expect(await ask()).toMatchObject({ status: 200 });
      expect(
        instances.flatMap((each) => each.logs()).filter(({ level }) => level === "warn"),
      ).toEqual([]);
    } finally {
      await proxy.stop();
      await Promise.all(instances.map((instance) => instance.stop()));
    }
  });
});
