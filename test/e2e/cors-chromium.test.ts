import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CallPage, openCallPage } from "../parts/call-page.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "cors-chromium-token";
const route = "/api/v1/ice-servers";
const requestId = "cors-chromium-request-1";

/** What libraries for tracing, and older ones for requests, add to every request of a page. */
const headers = {
  Authorization: `Bearer ${token}`,
  // electric-sql/electric#2351
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  // getsentry/sentry-javascript#6077
  baggage: "sentry-environment=production",
  "sentry-trace": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
  "X-Requested-With": "XMLHttpRequest",
  "X-Request-Id": requestId,
};

let page: CallPage;
let certificate: TestCertificate;
let services: Record<"open" | "pattern" | "other" | "tls", IceService>;
beforeAll(async () => {
  page = await openCallPage();
  certificate = await createCertificate();
  const start = (allowedOrigins: readonly string[], listen = {}) =>
    startIceService({
      files: { "tokens.yaml": connectorTokens({ chromium: token }) },
      config: { auth: { connectorTokensFile: "tokens.yaml" }, cors: { allowedOrigins }, listen },
    });
  const { certFile, keyFile } = certificate;
  const port = new URL(page.origin).port;
  services = {
    open: await start(["*"]),
    pattern: await start([`http://*.localhost:${port}`]),
    other: await start(["https://app.example.com"]),
    tls: await start([page.origin], { tls: { certFile, keyFile } }),
  };
});
afterAll(async () => {
  await Promise.all(Object.values(services).map((service) => service.stop()));
  await certificate.stop();
  await page.stop();
});

/** Fetches in the page as it is now, whose origin the test chooses. */
async function fetchInPage(url: string, init: RequestInit): Promise<unknown> {
  const script = `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then(
    (response) => ({ status: response.status, requestId: response.headers.get("x-request-id") }),
    ({ name }) => name,
  )`;
  return page.page.evaluate(script);
}
const openPage = (host: string) =>
  page.page.goto(page.origin.replace("127.0.0.1", host)).then(() => {});

describe("a page in Chromium", () => {
  it.each<[what: string, service: keyof typeof services]>([
    ["any origin", "open"],
    ["its own origin, over HTTP/2", "tls"],
  ])("may send tracing headers and read its request's id, where %s is allowed", async (_, name) => {
    await openPage("127.0.0.1");
    const { url } = services[name];
    expect(await fetchInPage(url + route, { headers })).toEqual({ status: 200, requestId });
    const unauthenticated = { headers: { ...headers, Authorization: "Bearer wrong" } };
    expect(await fetchInPage(url + route, unauthenticated)).toEqual({ status: 401, requestId });
    const call = { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } };
    const rpc = `${url}/ice.v1.IceService/GetIceServers`;
    expect(await fetchInPage(rpc, { ...call, headers: { ...call.headers, ...headers } })).toEqual({
      status: 200,
      requestId,
    });
  });

  it("may call where a pattern covers its origin, and not from the bare domain or deeper", async () => {
    const { url } = services.pattern;
    await openPage("app.localhost");
    expect(await fetchInPage(url + route, { headers })).toEqual({ status: 200, requestId });
    for (const host of ["localhost", "deep.app.localhost", "127.0.0.1"]) {
      await openPage(host);
      expect(await fetchInPage(url + route, { headers })).toBe("TypeError");
    }
  });

  it("may not call where its origin is not allowed", async () => {
    await openPage("127.0.0.1");
    expect(await fetchInPage(services.other.url + route, { headers })).toBe("TypeError");
  });

  it("that is sandboxed, and so has the origin null, may call where any origin may", async () => {
    await openPage("127.0.0.1");
    const inFrame = (url: string) =>
      page.page.evaluate(`new Promise((resolve) => {
        const frame = document.createElement("iframe");
        frame.sandbox = "allow-scripts";
        addEventListener("message", ({ data }) => resolve(data), { once: true });
        frame.srcdoc = \`<script>fetch(${JSON.stringify(url)}).then(
          ({ status }) => parent.postMessage(status, "*"),
          ({ name }) => parent.postMessage(name, "*"),
        )</script>\`;
        document.body.append(frame);
      })`);
    expect(await inFrame(`${services.open.url}${route}?token=${token}`)).toBe(200);
    expect(await inFrame(`${services.pattern.url}${route}?token=${token}`)).toBe("TypeError");
  });
});
