import { once } from "node:events";
import { copyFile, readFile, rm } from "node:fs/promises";
import { connect } from "node:http2";
import { Agent, get, type RequestOptions } from "node:https";
import { connect as connectTcp } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { askOverTls, healthy, renegotiate } from "../parts/openssl-client.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

let directory: TemporaryDirectory;
let ec: TestCertificate;
let rsa: TestCertificate;
const services: IceService[] = [];

beforeAll(async () => {
  directory = await createTemporaryDirectory("tls");
  [ec, rsa] = await Promise.all([createCertificate("ec"), createCertificate("rsa")]);
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await Promise.all([ec.stop(), rsa.stop(), directory.remove()]);
});

async function serveTls(tls: object): Promise<IceService> {
  const service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ tls: "tls-test-token" }) },
    config: { listen: { tls }, auth: { connectorTokensFile: "tokens.yaml" } },
  });
  services.push(service);
  return service;
}

const files = ({ certFile, keyFile }: TestCertificate) => ({ certFile, keyFile });
const present = ({ certFile, keyFile }: TestCertificate) => ["-cert", certFile, "-key", keyFile];
/** Without it, the client itself would not offer what is obsolete. */
const weak = (suites: string) => ["-cipher", `${suites}:@SECLEVEL=0`];

describe("TLS", () => {
  const ports = { ec: 0, rsa: 0 };
  beforeAll(async () => {
    ports.ec = (await serveTls(files(ec))).port;
    ports.rsa = (await serveTls(files(rsa))).port;
  });

  it.each<[keyType: "ec" | "rsa", args: string[], said: RegExp]>([
    ["ec", ["-tls1_3"], /Cipher is TLS_/],
    ["rsa", ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], /TLS_CHACHA20_POLY1305/],
    ["ec", ["-tls1_2"], /Cipher is ECDHE-ECDSA-AES256-GCM-SHA384/],
    ["ec", ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], /ECDHE-ECDSA-CHACHA20/],
    ["rsa", ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], /ECDHE-RSA-AES128-GCM/],
  ])("serves with an %s key and %j", async (keyType, args, said) => {
    const output = await askOverTls(ports[keyType], ...args);
    expect(output).toContain(healthy);
    expect(output).toMatch(said);
  });

  it.each<[string, keyType: "ec" | "rsa", args: string[], alert: string]>([
    ["TLS 1.0", "rsa", ["-tls1", ...weak("ALL")], "alert protocol version"],
    ["TLS 1.1", "rsa", ["-tls1_1", ...weak("ALL")], "alert protocol version"],
    ["CBC", "ec", ["-tls1_2", ...weak("ECDHE-ECDSA-AES128-SHA256")], "alert handshake failure"],
    ["SHA-1", "rsa", ["-tls1_2", ...weak("ECDHE-RSA-AES128-SHA")], "alert handshake failure"],
    [
      "RSA key transport",
      "rsa",
      ["-tls1_2", ...weak("AES128-GCM-SHA256")],
      "alert handshake failure",
    ],
    ["DHE", "rsa", ["-tls1_2", ...weak("DHE-RSA-AES128-GCM-SHA256")], "alert handshake failure"],
    ["CCM", "ec", ["-tls1_2", ...weak("ECDHE-ECDSA-AES128-CCM8")], "alert handshake failure"],
    [
      "no encryption",
      "ec",
      ["-tls1_2", ...weak("ECDHE-ECDSA-NULL-SHA")],
      "alert handshake failure",
    ],
    ["no certificate", "ec", ["-tls1_2", ...weak("AECDH-AES128-SHA")], "alert handshake failure"],
  ])("refuses %s", async (_, keyType, args, alert) => {
    const output = await askOverTls(ports[keyType], ...args);
    expect(output).toContain(alert);
    expect(output).not.toContain(healthy);
  });

  it("refuses another handshake within a session", async () => {
    const output = await renegotiate(ports.ec);
    expect(output).toContain("RENEGOTIATING");
    expect(output).toContain("no renegotiation");
  });

  it.each([
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01",
  ])("closes a connection that starts with %j, and logs no failure of ours", async (bytes) => {
    const socket = connectTcp(ports.ec, "127.0.0.1").on("error", () => {});
    socket.resume().end(bytes);
    await once(socket, "close");
    expect(services.flatMap((service) => service.logs()).filter(({ err }) => err)).toEqual([]);
  });

  it("does not compress", async () => {
    expect(await askOverTls(ports.rsa, "-tls1_2", "-comp")).toContain("Compression: NONE");
  });
});

describe("TLS with clientCaFile", () => {
  it("serves whom one of the authorities has signed, and nobody else", async () => {
    const { port } = await serveTls({ ...files(ec), clientCaFile: ec.caFile });
    for (const version of ["-tls1_2", "-tls1_3"]) {
      expect(await askOverTls(port, version, ...present(ec))).toContain(healthy);
      expect(await askOverTls(port, version, ...present(rsa))).not.toContain(healthy);
      const refused = await askOverTls(port, version);
      expect(refused).toMatch(/alert (certificate required|handshake failure)/);
      expect(refused).not.toContain(healthy);
    }
  });

  it("asks for HTTP/2 what it asks for HTTP/1.1", async () => {
    const { port } = await serveTls({ ...files(ec), clientCaFile: ec.caFile });
    expect(await askOverHttp2(port, ec)).toBe("200");
    expect(await askOverHttp2(port, rsa)).toBe("closed");
    expect(await askOverHttp2(port)).toBe("closed");
  });
});

describe("a reload of the TLS files", () => {
  it("shows the new ones to new connections, and leaves the old connections alone", async () => {
    const tls = {
      certFile: await directory.write("cert.pem", ""),
      keyFile: await directory.write("key.pem", ""),
      clientCaFile: await directory.write("ca.pem", ""),
    };
    const use = async (server: TestCertificate, authority: TestCertificate) => {
      await copyFile(server.keyFile, tls.keyFile);
      await copyFile(server.certFile, tls.certFile);
      await copyFile(authority.caFile, tls.clientCaFile);
    };
    await use(ec, ec);
    const service = await serveTls(tls);
    const { port } = service;
    const ticketFile = `${directory.path}/ticket`;
    const before = await askOverTls(port, "-tls1_2", ...present(ec), "-sess_out", ticketFile);
    expect(before).toContain(healthy);
    const resume = ["-tls1_2", ...present(ec), "-sess_in", ticketFile];
    const resumed = await askOverTls(port, ...resume);
    expect(resumed).toContain("Reused, TLSv1.2");

    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: [await readFile(ec.caFile)] });
    const client = { cert: await readFile(ec.certFile), key: await readFile(ec.keyFile) };
    const options = { host: "localhost", port, path: "/health", agent, ...client };
    const first = await getHealth(options);

    await use(rsa, rsa);
    await expect
      .poll(() => service.logs().filter(({ msg }) => msg === "configuration reloaded").length)
      .toBeGreaterThan(0);
    await expect
      .poll(() => askOverTls(port, ...present(rsa), "-CAfile", rsa.caFile))
      .toContain("Verify return code: 0 (ok)");
    expect(await askOverTls(port, ...present(rsa))).toContain(healthy);

    expect(await askOverTls(port, ...present(ec))).not.toContain(healthy);
    // A ticket of before would pass by the check of the certificate.
    const stale = await askOverTls(port, ...resume);
    expect(stale).not.toContain(healthy);
    expect(stale).not.toContain("Reused, TLSv1.2");

    expect(await getHealth(options)).toEqual(first);
    agent.destroy();
    await rm(ticketFile);
  });
});

describe("a reload without clientCaFile", () => {
  it("takes nobody else until the restart that it asks for", async () => {
    const tls = { ...files(ec), clientCaFile: ec.caFile };
    const auth = { connectorTokensFile: await directory.write("tokens.yaml", "tokens: []") };
    const config = await directory.write("ice.yaml", stringify({ listen: { tls }, auth }));
    const service = await startIceService({ args: ["--config", config] });
    services.push(service);
    expect(await askOverTls(service.port, ...present(ec))).toContain(healthy);
    await directory.write("ice.yaml", stringify({ listen: { tls: files(ec) }, auth }));
    await expect
      .poll(() => service.logs().find(({ keys }) => keys !== undefined))
      .toMatchObject({ keys: ["listen.tls.clientCaFile"] });
    expect(await askOverTls(service.port, ...present(ec))).toContain(healthy);
    expect(await askOverTls(service.port, ...present(rsa))).not.toContain(healthy);
    expect(await askOverTls(service.port)).not.toContain(healthy);
    // The certificate can still be renewed meanwhile.
    await directory.write("ice.yaml", stringify({ listen: { tls: files(rsa) }, auth }));
    await expect
      .poll(() => askOverTls(service.port, ...present(ec), "-CAfile", rsa.caFile))
      .toContain("Verify return code: 0 (ok)");
    expect(await askOverTls(service.port, ...present(ec))).toContain(healthy);
    expect(await askOverTls(service.port, ...present(rsa))).not.toContain(healthy);
    expect(await askOverTls(service.port)).not.toContain(healthy);
  });
});

/** The status that /health answers with, or `closed` where the server closes the connection. */
async function askOverHttp2(port: number, certificate?: TestCertificate): Promise<string> {
  const session = connect(`https://localhost:${port}`, {
    ca: await readFile(ec.caFile),
    ...(certificate !== undefined && {
      cert: await readFile(certificate.certFile),
      key: await readFile(certificate.keyFile),
    }),
  });
  session.on("error", () => {});
  const stream = session.request({ ":path": "/health" }).on("error", () => {});
  const outcome = await new Promise<string>((resolve) => {
    stream.on("response", (headers) => resolve(String(headers[":status"])));
    stream.on("close", () => resolve("closed"));
  });
  session.destroy();
  return outcome;
}

/** The answer, and the client's port, which tells the connection. */
async function getHealth(
  options: RequestOptions,
): Promise<{ body: string; localPort: number | undefined }> {
  const request = get(options);
  const [response] = await once(request, "response");
  const { localPort } = request.socket ?? {};
  return { body: await text(response), localPort };
}

describe("a TLS handshake that fails", () => {
  const failures = (service: IceService) =>
    service.logs().filter(({ msg }) => msg === "TLS handshakes failed");

  /** Writes what is not TLS, and waits until the service has closed the connection. */
  async function talk(port: number, words: string): Promise<void> {
    const socket = connectTcp(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    const closed = once(socket, "close");
    socket.write(words, "latin1");
    await closed;
  }

  it("is cut when it takes too long, and gets no answer", async () => {
    const service = await serveTls(files(ec));
    const beginnings = ["", "\x16\x03\x01", "\x16\x03\x01\x00\xff\x01\x00"];
    const startedAtMs = performance.now();
    await Promise.all(beginnings.map((words) => talk(service.port, words)));
    // A bound on the rule, not a measure of speed: the port grants 10 s.
    expect(performance.now() - startedAtMs).toBeLessThan(60_000);
    expect(await service.stop()).toBe(0);
    expect(failures(service)[0]).toMatchObject({ cause: "ERR_TLS_HANDSHAKE_TIMEOUT" });
    expect(service.logs().filter(({ msg }) => msg === "request")).toEqual([]);
  });

  it("is logged, with what to do about plain HTTP, once for many, and without the client's text", async () => {
    const service = await serveTls(files(ec));
    for (let count = 0; count < 20; count++) {
      await talk(service.port, "GET /secret-path HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await talk(service.port, "secret-nonsense secret-nonsense\r\n\r\n");
    }
    // A TCP health check.
    const check = connectTcp(service.port, "127.0.0.1");
    await once(check, "connect");
    check.destroy();
    expect(await service.stop()).toBe(0);
    const lines = failures(service);
    const plain = lines.filter(({ cause }) => cause === "ERR_SSL_HTTP_REQUEST");
    const others = lines.filter(({ cause }) => cause !== "ERR_SSL_HTTP_REQUEST");
    const sum = (some: typeof lines) => some.reduce((all, { failed }) => all + Number(failed), 0);
    expect(sum(plain)).toBe(20);
    expect(sum(others)).toBe(20);
    expect(plain[0]).toMatchObject({ level: "info", fix: expect.stringContaining("https") });
    expect(others[0]).toMatchObject({ cause: expect.stringMatching(/^ERR_SSL_[A-Z0-9_]+$/) });
    expect(lines.length).toBeLessThan(20);
    expect(service.stderr()).not.toMatch(/secret-(path|nonsense)/);
  });
});
