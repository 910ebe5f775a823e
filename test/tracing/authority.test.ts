import { describe, expect, it } from "vitest";
import { parseAuthority } from "../../src/tracing/authority.js";

describe("parseAuthority", () => {
  it.each([
    ["ice.example.com", { host: "ice.example.com" }],
    ["ICE.example.com.:443", { host: "ice.example.com", port: 443 }],
    ["127.0.0.1:8080", { host: "127.0.0.1", port: 8080 }],
    ["[2001:DB8::1]:8443", { host: "2001:db8::1", port: 8443 }],
    ["my_service:80", { host: "my_service", port: 80 }],
  ])("reads %s", (text, authority) => {
    expect(parseAuthority(text)).toEqual(authority);
  });

  it.each([
    [""],
    ["a b"],
    ["user:secret@host"],
    ["host/path?token=x"],
    ["host:123456"],
    ["2001:db8::1"],
    // As a token would be: no label of a name is that long.
    [`${"a".repeat(64)}.example`],
    [`${"a.".repeat(200)}a`],
  ])("takes %j for no host", (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });
});
