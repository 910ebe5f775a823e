import { describe, expect, it } from "vitest";
import { readProxies } from "../../src/outgoing/proxies.js";

const secure = "https://idp.example.com/keys";
const plain = "http://keycloak:8080/keys";

function find(environment: Record<string, string>, url: string): string {
  const proxy = readProxies(environment)(new URL(url));
  return proxy?.url ?? "direct";
}

const cases: [what: string, environment: Record<string, string>, url: string, proxy: string][] = [
  ["no variable", {}, secure, "direct"],
  ["HTTPS_PROXY", { HTTPS_PROXY: "http://proxy:3128" }, secure, "http://proxy:3128"],
  ["HTTPS_PROXY for http:", { HTTPS_PROXY: "http://proxy:3128" }, plain, "direct"],
  ["https_proxy", { https_proxy: "http://proxy:3128" }, secure, "http://proxy:3128"],
  [
    "both",
    { HTTPS_PROXY: "http://upper:1", https_proxy: "http://lower:1" },
    secure,
    "http://upper:1",
  ],
  ["an empty one", { HTTPS_PROXY: "", https_proxy: "http://lower:1" }, secure, "http://lower:1"],
  ["HTTP_PROXY", { HTTP_PROXY: "http://proxy:3128" }, plain, "http://proxy:3128"],
  ["HTTP_PROXY for https:", { HTTP_PROXY: "http://proxy:3128" }, secure, "direct"],
  ["http_proxy", { http_proxy: "http://proxy:3128" }, plain, "http://proxy:3128"],
  ["ALL_PROXY", { ALL_PROXY: "http://proxy:3128" }, secure, "direct"],
  ["a proxy over TLS", { HTTPS_PROXY: "https://proxy" }, secure, "https://proxy"],
  ["one without a protocol", { HTTPS_PROXY: "proxy:3128" }, secure, "http://proxy:3128"],
  ["one with a path", { HTTPS_PROXY: "http://proxy:3128/" }, secure, "http://proxy:3128"],
  [
    "one at IPv6",
    { HTTPS_PROXY: "http://[2001:db8::1]:3128" },
    secure,
    "http://[2001:db8::1]:3128",
  ],
  ["one with a user", { HTTPS_PROXY: "http://user:pass@proxy:3128" }, secure, "http://proxy:3128"],
  ["NO_PROXY", { HTTPS_PROXY: "http://proxy", NO_PROXY: ".example.com" }, secure, "direct"],
  ["no_proxy", { HTTPS_PROXY: "http://proxy", no_proxy: "example.com" }, secure, "direct"],
  [
    "NO_PROXY beside no_proxy",
    { HTTPS_PROXY: "http://proxy", NO_PROXY: "other.test", no_proxy: "example.com" },
    secure,
    "http://proxy",
  ],
  ["loopback", { HTTPS_PROXY: "http://proxy" }, "https://127.0.0.1:8443/keys", "direct"],
];

const credentials: [proxy: string, expected: string | undefined][] = [
  ["http://proxy", undefined],
  ["http://user:pass@proxy", "user:pass"],
  ["http://user@proxy", "user:"],
  ["user:pass@proxy:3128", "user:pass"],
  ["http://us%40er:p%3A%2Fs%20s@proxy", "us@er:p:/s s"],
  ["http://%C3%BC:%E2%82%AC@proxy", "ü:€"],
];

const flaws: [proxy: string, problem: RegExp][] = [
  ["http://", /^HTTPS_PROXY is not the URL of a proxy$/],
  ["http://proxy:port", /is not the URL of a proxy/],
  ["http://user:hunter2@fd00::ab:3128", /^HTTPS_PROXY has an IPv6 address without brackets/],
  ["socks5://proxy:1080", /has the protocol socks5:, not http: or https:/],
  ["http://user:50%@proxy", /has a % that begins no percent-encoded character/],
];

describe("readProxies", () => {
  it.each(cases)("finds with %s", (_, environment, url, proxy) => {
    expect(find(environment, url)).toBe(proxy);
  });

  it.each(credentials)("takes the user out of %s", (proxy, expected) => {
    const { authorization } = readProxies({ HTTPS_PROXY: proxy })(new URL(secure)) ?? {};
    const basic = /^Basic (.+)$/.exec(authorization ?? "")?.[1];
    expect(basic && Buffer.from(basic, "base64").toString()).toBe(expected);
  });

  it.each(flaws)("does not pass by %s, nor repeats it", (proxy, problem) => {
    const findProxy = readProxies({ HTTPS_PROXY: proxy });
    expect(() => findProxy(new URL(secure))).toThrow(problem);
    expect(() => findProxy(new URL(secure))).not.toThrow(/user|50/);
    expect(findProxy(new URL("https://127.0.0.1/"))).toBeUndefined();
  });
});
