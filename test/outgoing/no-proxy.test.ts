import { describe, expect, it } from "vitest";
import { parseNoProxy } from "../../src/outgoing/no-proxy.js";

const cases: [noProxy: string, url: string, isDirect: boolean][] = [
  // Loopback, whatever the text says.
  ["", "http://localhost:8080", true],
  ["", "https://LOCALHOST./", true],
  ["", "https://idp.localhost/", true],
  ["", "https://127.0.0.1/", true],
  ["", "https://127.1/", true],
  ["", "https://127.255.255.254/", true],
  ["", "https://[::1]/", true],
  ["", "https://[::ffff:127.0.0.1]/", true],
  ["", "https://localhost.example.com/", false],
  ["", "https://128.0.0.1/", false],
  ["", "https://[::2]/", false],
  ["", "https://idp.example.com/", false],
  // Domains.
  ["example.com", "https://example.com/", true],
  ["example.com", "https://idp.example.com/", true],
  ["example.com", "https://a.b.example.com:8443/", true],
  ["example.com", "https://example.com./", true],
  ["example.com.", "https://example.com/", true],
  ["EXAMPLE.com", "https://idp.Example.COM/", true],
  ["example.com", "https://notexample.com/", false],
  ["example.com", "https://example.com.evil.test/", false],
  ["example.com", "https://example.org/", false],
  [".example.com", "https://example.com/", true],
  [".example.com", "https://idp.example.com/", true],
  [".example.com", "https://notexample.com/", false],
  ["*.example.com", "https://example.com/", true],
  ["*.example.com", "https://idp.example.com/", true],
  ["*.example.com", "https://notexample.com/", false],
  ["com", "https://example.com/", true],
  ["keycloak", "http://keycloak:8080/", true],
  ["keycloak", "http://keycloak.default.svc/", false],
  ["bücher.example", "https://xn--bcher-kva.example/", true],
  // Ports.
  ["example.com:443", "https://example.com/", true],
  ["example.com:443", "https://example.com:8443/", false],
  ["example.com:8443", "https://idp.example.com:8443/", true],
  ["example.com:80", "http://example.com/", true],
  ["example.com:80", "https://example.com/", false],
  // Addresses.
  ["192.0.2.1", "https://192.0.2.1/", true],
  ["192.0.2.1:443", "https://192.0.2.1/", true],
  ["192.0.2.1:444", "https://192.0.2.1/", false],
  ["192.0.2.1", "https://192.0.2.10/", false],
  ["192.0.2.1", "https://192.0.2.1.example.com/", false],
  ["0.2.1", "https://192.0.2.1/", false],
  ["2001:db8::1", "https://[2001:db8::1]/", true],
  ["2001:DB8:0::1", "https://[2001:db8::1]/", true],
  ["[2001:db8::1]", "https://[2001:db8::1]:8443/", true],
  ["[2001:db8::1]:443", "https://[2001:db8::1]/", true],
  ["[2001:db8::1]:443", "https://[2001:db8::1]:8443/", false],
  ["2001:db8::1", "https://[2001:db8::2]/", false],
  // Blocks.
  ["10.0.0.0/8", "https://10.255.0.1/", true],
  ["10.0.0.0/8", "https://11.0.0.1/", false],
  ["10.0.0.0/8", "https://idp.example.com/", false],
  ["fd00::/8", "https://[fd12::1]/", true],
  ["fd00::/8", "https://[fe80::1]/", false],
  ["192.0.2.1/32", "https://192.0.2.1/", true],
  ["0.0.0.0/0", "https://192.0.2.1/", true],
  ["10.0.0.0/33", "https://10.0.0.1/", false],
  ["10.0.0.0/", "https://10.0.0.1/", false],
  // Everything.
  ["*", "https://idp.example.com/", true],
  ["*", "http://192.0.2.1/", true],
  ["example.org, *", "https://idp.example.com/", true],
  // Lists.
  ["example.org,example.com", "https://example.com/", true],
  [" example.org , example.com ", "https://example.com/", true],
  ["example.org example.com", "https://example.com/", true],
  ["example.org,,", "https://example.com/", false],
  [".", "https://example.com/", false],
  [":443", "https://example.com/", false],
];

describe("parseNoProxy", () => {
  it.each(cases)("NO_PROXY=%s: whether %s is fetched directly: %s", (noProxy, url, isDirect) => {
    expect(parseNoProxy(noProxy)(new URL(url))).toBe(isDirect);
  });
});
