import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { findFreePort } from "../parts/free-port.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { type ProxyProcess, startProxy } from "../parts/proxy-process.js";
import { proxyPrograms } from "../parts/proxy-programs.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

/** As existing mobile clients send it: raw. */
const token = "raw+token/with=signs";
const page = readFileSync(fileURLToPath(new URL("../../docs/clients.md", import.meta.url)), "utf8");

let certificate: TestCertificate;
let service: IceService;
let gateway: Server;
beforeAll(async () => {
  certificate = await createCertificate();
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ phone: token }) },
    config: {
      listen: { trustedProxies: ["127.0.0.1"] },
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: ["stun:stun.example.com"] },
    },
  });
  gateway = createServer((incoming, answer) => answer.end(`gateway ${incoming.url}`));
  // RFC 6455 section 4.2.2, and then an echo.
  gateway.on("upgrade", ({ url, headers }, socket) => {
    const key = `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    const head = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head}X-Path: ${url}\r\n\r\n`);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  gateway.closeAllConnections();
  gateway.close();
  await service.stop();
  await certificate.stop();
});

describe.each(["nginx", "HAProxy", "Caddy"] as const)("docs/clients.md: %s", (name) => {
  const program = proxyPrograms[name];
  let port: number;
  let proxy: ProxyProcess;
  let readLog: () => Promise<string>;

  beforeEach(async () => {
    port = await findFreePort();
    const directory = await createTemporaryDirectory("clients");
    const pem = await Promise.all(
      [certificate.certFile, certificate.keyFile].map((file) => readFile(file, "utf8")),
    );
    const bundle = await directory.write("bundle.pem", pem.join(""));
    const accessLog = await directory.write("access.log", "");
    const [, block = ""] =
      new RegExp(`^\`\`\`${program.language}\\n(.*?)^\`\`\``, "gms").exec(page) ?? [];
    const here = block
      .replaceAll("127.0.0.1:8080", `127.0.0.1:${service.port}`)
      .replaceAll("127.0.0.1:7000", `127.0.0.1:${Object(gateway.address()).port}`)
      .replace("listen 443", `listen 127.0.0.1:${port}`)
      .replace("bind :443", `bind 127.0.0.1:${port}`)
      .replace(/\/etc\/letsencrypt\S*fullchain.pem/, certificate.certFile)
      .replace(/\/etc\/letsencrypt\S*privkey.pem/, certificate.keyFile)
      .replace(/\/etc\/haproxy\S*pem/, bundle)
      .replace("/var/log/nginx/gateway.log", accessLog)
      .replace(
        /^gateway.example.com \{/,
        `{\n}\nhttps://localhost:${port} {\n  tls ${certificate.certFile} ${certificate.keyFile}`,
      );
    const file = await directory.write("proxy.conf", program.configure(here, directory.path));
    const args = program.args(file, directory.path);
    proxy = await startProxy({ name: program.command, args, directory, ports: [port] });
    readLog = async () =>
      `${proxy.child.stdout()}${proxy.child.stderr()}${await readFile(accessLog, "utf8")}`;
  });
  afterEach(() => proxy.stop());

  const open = (head: string) => openTls(port, certificate.caFile, head);
  const get = (path: string) => askOverTls(port, certificate.caFile, path);

  it("hands the list to clients with the token in the query, and all else to the gateway", async () => {
    const list = await get(`/api/v1/ice-servers?token=${token}`);
    expect(list.status).toBe(200);
    expect(JSON.parse(list.body)).toEqual({ iceServers: [{ urls: ["stun:stun.example.com"] }] });
    await expect
      .poll(() => service.logs().filter(({ remoteAddress }) => remoteAddress === "127.0.0.2"))
      .toContainEqual(
        expect.objectContaining({ code: "ok", caller: { kind: "connector", name: "phone" } }),
      );
    const rejected = await get("/api/v1/ice-servers?token=wrong");
    expect(rejected).toMatchObject({ status: 401 });
    expect(rejected.body).toMatch(/invalid auth token/);
    for (const path of ["/", "/signal?room=1", "/api/v1/rooms", "/api/v1/ice-serversX"]) {
      expect(await get(path)).toEqual({ status: 200, body: `gateway ${path}` });
    }
    expect(await readLog()).not.toContain("raw+token");
  });

  it("hands on the events of a watch at once", async () => {
    const socket = open(`GET /api/v1/ice-servers:watch?token=${token} HTTP/1.1\r\n`);
    try {
      expect(await readUntil(socket, /data: .*\n/)).toContain("stun:stun.example.com");
    } finally {
      socket.destroy();
    }
  });

  it("hands WebSockets to the gateway", async () => {
    const key = randomBytes(16).toString("base64");
    const upgrade = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\n`;
    const socket = open(`GET /signal HTTP/1.1\r\n${upgrade}Sec-WebSocket-Version: 13\r\n`);
    try {
      expect(await readUntil(socket, /\r\n\r\n/)).toMatch(
        /^HTTP\/1\.1 101 .*x-path: \/signal\r\n/is,
      );
      socket.write("hello");
      expect(await readUntil(socket, /hello/)).toMatch(/hello$/);
    } finally {
      socket.destroy();
    }
  });
});

/** As a client at 127.0.0.2. */
const clientOptions = (port: number, caFile: string) => ({
  ...{ host: "127.0.0.1", servername: "localhost", port, localAddress: "127.0.0.2" },
  ca: readFileSync(caFile),
});

function askOverTls(
  port: number,
  caFile: string,
  path: string,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { Host: `localhost:${port}` };
    const options = { ...clientOptions(port, caFile), path, headers, agent: false };
    const call = request(options, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
    });
    call.on("error", reject).end();
  });
}

/** @param head the first lines of the request, but for Host and the empty line */
function openTls(port: number, caFile: string, head: string): TLSSocket {
  const socket = connect(clientOptions(port, caFile));
  socket.setEncoding("utf8").write(`${head}Host: localhost:${port}\r\n\r\n`);
  return socket;
}

/** Rejects when the connection ends before. */
function readUntil(socket: TLSSocket, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const onData = (chunk: string) => {
      received += chunk;
      if (pattern.test(received)) {
        socket.off("data", onData);
        resolve(received);
      }
    };
    socket.on("data", onData);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`the connection ended after ${received}`)));
  });
}
