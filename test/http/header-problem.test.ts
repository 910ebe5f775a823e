import { describe, expect, it } from "vitest";
import { findHeaderProblem } from "../../src/http/header-problem.js";
import { RequestHeaders } from "../../src/http/request-headers.js";
import { createFakeClient } from "./fake-client.js";

const find = (httpVersion: string, ...rawHeaders: string[]) =>
  findHeaderProblem(
    { ...createFakeClient({}).exchange, httpVersion, headers: new RequestHeaders(rawHeaders) },
    16_384,
  );

describe("the Host header (RFC 9112 section 3.2)", () => {
  it.each([
    ...["", "x", "ice.example.com", "ice.example.com:8080", "ice.example.com.:", "my_host"],
    ...["192.0.2.7:80", "[2001:db8::7]", "[2001:db8::7]:8080", "[fe80::1%25eth0]", "a%C3%A9b"],
  ])("may be %j", (host) => {
    expect(find("1.1", "Host", host)).toBe(undefined);
  });

  it.each([
    ...["a b", "a/b", "user@host", "host:port", "host:80:80", "a?b", "a#b", "a, b", "[::1", "::1"],
    ...["a%zz", "[]", "a\u00e9", '"a"', "a\\b", "<a>"],
  ])("must not be %j", (host) => {
    expect(find("1.1", "Host", host)).toMatchObject({ status: 400 });
  });

  it("may be absent in HTTP/1.0 only, and come once", () => {
    expect(find("1.0")).toBe(undefined);
    expect(find("1.1")).toMatchObject({ status: 400 });
    expect(find("1.1", "Host", "a", "Host", "a")).toMatchObject({ status: 400 });
  });

  it("ends its match in time, however long it is", () => {
    expect(find("1.1", "Host", `${"a".repeat(100_000)}/`)).toMatchObject({ status: 400 });
    expect(find("1.1", "Host", `${"%41".repeat(100_000)}/`)).toMatchObject({ status: 400 });
  });
});
