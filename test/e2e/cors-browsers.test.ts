import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCallPage } from "../parts/call-page.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { startFirefox } from "../parts/firefox.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "cors-browsers-token";
const route = "/api/v1/ice-servers";
const requestId = "cors-browsers-request-1";

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

/** One that has a page open, whose origin the test chooses. */
interface Browser {
  goto(url: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
}

let origin: string;
let browsers: Record<"Chromium" | "Firefox", Browser>;
let stopBrowsers: () => Promise<unknown>;
let certificate: TestCertificate;
let services: Record<"open" | "pattern" | "other" | "tls", IceService>;
beforeAll(async () => {
  const page = await openCallPage();
  const firefox = await startFirefox();
  stopBrowsers = () => Promise.all([page.stop(), firefox.stop()]);
  browsers = { Chromium: page.page, Firefox: firefox };
  origin = page.origin;
  certificate = await createCertificate();
  const start = (allowedOrigins: readonly string[], listen = {}) =>
    startIceService({
      files: { "tokens.yaml": connectorTokens({ page: token }) },
      config: { auth: { connectorTokensFile: "tokens.yaml" }, cors: { allowedOrigins }, listen },
    });
  const { certFile, keyFile } = certificate;
  const port = new URL(origin).port;
  services = {
    open: await start(["*"]),
    pattern: await start([`http://*.localhost:${port}`]),
    other: await start(["https://app.example.com"]),
    tls: await start([origin], { tls: { certFile, keyFile } }),
  };
});
afterAll(async () => {
  await Promise.all(Object.values(services).map((service) => service.stop()));
  await certificate.stop();
  await stopBrowsers();
});

/** What a page gets that may call: one server, of the default. */
const list = { status: 200, requestId, servers: 1 };

describe.each(["Chromium", "Firefox"] as const)("a page in %s", (browserName) => {
  /** Fetches in the page as it is now. */
  const fetchInPage = (url: string, init: RequestInit) =>
    browsers[browserName].evaluate(`fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then(
      async (response) => ({
        status: response.status,
        requestId: response.headers.get("x-request-id"),
        servers: (await response.json()).iceServers?.length ?? "none",
      }),
      ({ name }) => name,
    )`);
  const openPage = (host: string) =>
    browsers[browserName].goto(origin.replace("127.0.0.1", host)).then(() => {});

  it.each<[what: string, service: keyof typeof services]>([
    ["any origin", "open"],
    ["its own origin, over HTTP/2", "tls"],
  ])("may send tracing headers and read its request's id, where %s is allowed", async (_, name) => {
    await openPage("127.0.0.1");
    const { url } = services[name];
    expect(await fetchInPage(url + route, { headers })).toEqual(list);
    const unauthenticated = { headers: { ...headers, Authorization: "Bearer wrong" } };
    expect(await fetchInPage(url + route, unauthenticated)).toEqual({
      status: 401,
      requestId,
      servers: "none",
    });
    const call = { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } };
    const rpc = `${url}/ice.v1.IceService/GetIceServers`;
    expect(await fetchInPage(rpc, { ...call, headers: { ...call.headers, ...headers } })).toEqual(
      list,
    );
  });

  it("may call where a pattern covers its origin, and not from the bare domain or deeper", async () => {
    const { url } = services.pattern;
    await openPage("app.localhost");
    expect(await fetchInPage(url + route, { headers })).toEqual(list);
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
      browsers[browserName].evaluate(`new Promise((resolve) => {
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
