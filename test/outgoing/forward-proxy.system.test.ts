import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import { createServer } from "node:https";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOutgoingHttp, type OutgoingRequest } from "../../src/outgoing/outgoing-http.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { findFreePort } from "../parts/free-port.js";
import { type Squid, startSquid } from "../parts/squid.js";

const host = "keys.idp.test";
const user = { name: "ice", password: "p@ss:wörd/%" };
const credentials = `${user.name}:${encodeURIComponent(user.password)}`;

let certificate: TestCertificate;
let authorities: string;
let secure: Server;
let plain: Server;
let open: Squid;
let closed: Squid;
/** Only the proxies know its name. */
let secureUrl: URL;
let plainUrl: URL;

beforeAll(async () => {
  certificate = await createCertificate();
  authorities = await readFile(certificate.caFile, "utf8");
  const certFile = await certificate.signAnother(`DNS:${host}`, 1);
  const [cert, key] = await Promise.all([readFile(certFile), readFile(certificate.keyFile)]);
  secure = createServer({ cert, key }, echo);
  plain = createPlainServer(echo);
  secureUrl = new URL(`https://${host}:${await listen(secure)}/secure`);
  plainUrl = new URL(`http://${host}:${await listen(plain)}/plain`);
  open = await startSquid({ hosts: [host] });
  closed = await startSquid({ hosts: [host], user });
});
afterAll(async () => {
  for (const server of [secure, plain]) {
    server?.closeAllConnections();
    server?.close();
  }
  await Promise.all([open?.stop(), closed?.stop(), certificate?.stop()]);
});

/** Answers with the path and the body of the request. */
const echo: RequestListener = async (request, response) => {
  response.end(`${request.url}${await text(request)}`);
};

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return address instanceof Object ? address.port : 0;
}

/** Status and text of the answer, or the message of the error. */
async function send(
  environment: Record<string, string>,
  url: URL,
  trust = authorities,
  changes: Partial<OutgoingRequest> = {},
) {
  const outgoing = createOutgoingHttp(environment);
  try {
    const request = { timeoutMs: 30_000, maxBytes: 10_000, authorities: trust, ...changes };
    const answer = await outgoing.send(url, request);
    return answer.status === 200 ? `200 ${answer.text}` : String(answer.status);
  } catch (error) {
    return error instanceof Error ? error.message : "no error";
  } finally {
    outgoing.close();
  }
}

describe("requests through Squid", () => {
  it("open a tunnel for https:, and check the server's certificate themselves", async () => {
    const environment = { HTTPS_PROXY: `http://${open.address}` };
    expect(await send(environment, secureUrl)).toBe("200 /secure");
    await expect.poll(() => open.requests()).toContain(`CONNECT ${secureUrl.host} 200`);
    const other = await createCertificate();
    const untrusted = await send(environment, secureUrl, await readFile(other.caFile, "utf8"));
    await other.stop();
    expect(untrusted).toMatch(
      new RegExp(`^UNABLE_TO_VERIFY_LEAF_SIGNATURE \\(through the proxy http://${open.address}\\)`),
    );
  });

  it("ask for the whole URL for http:", async () => {
    expect(await send({ HTTP_PROXY: `http://${open.address}` }, plainUrl)).toBe("200 /plain");
    await expect.poll(() => open.requests()).toContain(`GET ${plainUrl.href} 200`);
  });

  it("carry a body", async () => {
    const proxy = `http://${open.address}`;
    const environment = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
    const changes = { method: "POST", body: "?token=x" } as const;
    expect(await send(environment, secureUrl, authorities, changes)).toBe("200 /secure?token=x");
    expect(await send(environment, plainUrl, authorities, changes)).toBe("200 /plain?token=x");
  });

  it("bring the user along that the proxy demands", async () => {
    const proxy = `http://${credentials}@${closed.address}`;
    const environment = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
    expect(await send(environment, secureUrl)).toBe("200 /secure");
    expect(await send(environment, plainUrl)).toBe("200 /plain");
  });

  it("name the proxy, and nothing secret, when it rejects them", async () => {
    const proxy = `http://ice:wrong@${closed.address}`;
    const environment = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
    const problem = `HTTP status 407 of the proxy (through the proxy http://${closed.address})`;
    expect(await send(environment, secureUrl)).toBe(problem);
    expect(await send(environment, plainUrl)).toBe(problem);
  });

  it("name the proxy when it is down, and when the server behind it is", async () => {
    const address = `127.0.0.1:${await findFreePort()}`;
    expect(await send({ https_proxy: `http://${address}` }, secureUrl)).toBe(
      `ECONNREFUSED (through the proxy http://${address})`,
    );
    const down = new URL(`https://${host}:${await findFreePort()}/`);
    expect(await send({ HTTPS_PROXY: open.address }, down)).toBe(
      `HTTP status 503 of the proxy (through the proxy http://${open.address})`,
    );
  });

  it("are not made for what NO_PROXY names, nor for loopback", async () => {
    const down = `127.0.0.1:${await findFreePort()}`;
    const environment = { HTTPS_PROXY: down, HTTP_PROXY: down, NO_PROXY: ".idp.test" };
    expect(await send(environment, secureUrl)).toBe("ENOTFOUND");
    const local = new URL(plainUrl);
    local.hostname = "127.0.0.1";
    expect(await send(environment, local)).toBe("200 /plain");
  });
});
