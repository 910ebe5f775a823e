import { describe, expect, it } from "vitest";
import { createOriginMatcher } from "../../src/http/origin-matcher.js";

const isAllowed = createOriginMatcher([
  "https://app.example.org",
  "capacitor://localhost",
  "https://*.example.com",
  "http://*.dev.example.com:3000",
]);

describe("createOriginMatcher", () => {
  it.each([
    "https://app.example.org",
    // ionic-team/capacitor#1041
    "capacitor://localhost",
    // cyu/rack-cors#30
    "https://api.example.com",
    "https://a.example.com",
    "https://a-b_c9.example.com",
    "https://xn--bcher-kva.example.com",
    "http://app.dev.example.com:3000",
  ])("allows %s", (origin) => {
    expect(isAllowed(origin)).toBe(true);
  });

  // The bare domain and look-alikes: gofiber/fiber#3690, OWASP/ASVS#741, w3c/webappsec#513.
  it.each([
    "https://example.com",
    "https://.example.com",
    "https://a.b.example.com",
    "https://a..example.com",
    "https://evilexample.com",
    "https://a.example.com.evil.test",
    "https://evil.test/.example.com",
    "https://evil.test?.example.com",
    "https://evil.test#.example.com",
    "https://user@.example.com",
    "https://a.exampleXcom",
    "https://*.example.com",
    "https://a.example.com:443",
    "https://a.example.com:8443",
    "http://a.example.com",
    "https://A.example.com",
    "https://a.example.com\n",
    "\nhttps://a.example.com",
    "xhttps://a.example.com",
    "http://app.dev.example.com",
    "http://app.dev.example.com:30000",
    "https://app.example.org:8443",
    "https://app.example.org.",
    "capacitor://localhost:80",
    "capacitor://localhostx",
    "null",
    "",
    "*",
  ])("does not allow %j", (origin) => {
    expect(isAllowed(origin)).toBe(false);
  });
});
