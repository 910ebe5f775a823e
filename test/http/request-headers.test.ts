import { describe, expect, it } from "vitest";
import { RequestHeaders } from "../../src/http/request-headers.js";

const raw = [":path", "/", "Host", "x", "Authorization", "a", "X-Odd", "1", "authorization", "b"];

describe("RequestHeaders", () => {
  it("finds a header in any case, and joins the values of one that is repeated", () => {
    const headers = new RequestHeaders(raw);
    expect(headers.find("host")).toBe("x");
    expect(headers.get("HOST")).toBe("x");
    expect(headers.get("authorization")).toBe("a, b");
    expect(headers.get("hos")).toBeNull();
    expect(headers.has("x-odd")).toBe(true);
    expect(headers.has("x-even")).toBe(false);
  });

  it("says the same as Headers, without the pseudo-headers of HTTP/2", () => {
    const expected = new Headers();
    expected.append("host", "x");
    expected.append("authorization", "a");
    expected.append("authorization", "b");
    expected.append("x-odd", "1");
    const headers = new RequestHeaders(raw);
    expect([...headers]).toEqual([...expected]);
    expect([...headers.keys()]).toEqual([...expected.keys()]);
    expect([...headers.values()]).toEqual([...expected.values()]);
    const visited: [string, string][] = [];
    headers.forEach((value, name) => {
      visited.push([name, value]);
    });
    expect(visited).toEqual([...expected]);
  });

  it("finds the host that is asked for: :authority of HTTP/2 before Host", () => {
    expect(new RequestHeaders(raw).findAuthority()).toBe("x");
    const headers = new RequestHeaders(["host", "x", ":authority", "y"]);
    headers.set("x-odd", "1");
    expect(headers.findAuthority()).toBe("y");
    expect(new RequestHeaders(["x-odd", "1"]).findAuthority()).toBeUndefined();
  });

  it("can be changed without a change to what Node has", () => {
    const before = [...raw];
    const headers = new RequestHeaders(raw);
    headers.set("host", "y");
    headers.append("x-odd", "2");
    headers.delete("authorization");
    expect(headers.find("host")).toBe("y");
    expect(headers.get("x-odd")).toBe("1, 2");
    expect(headers.has("authorization")).toBe(false);
    expect(raw).toEqual(before);
  });

  it("counts all of its bytes, pseudo-headers included", () => {
    expect(new RequestHeaders([":path", "/", "a", "bc"]).countBytes()).toBe(9);
  });
});
