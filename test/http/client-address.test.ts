import { isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { createClientAddressFinder } from "../../src/http/client-address.js";
import { RequestHeaders } from "../../src/http/request-headers.js";
import { parseSubnet } from "../../src/ip-address.js";

const trustedProxies = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"].flatMap(
  (block) => parseSubnet(block) ?? [],
);

function find(
  header: "x-forwarded-for" | "forwarded",
  remoteAddress: string | undefined,
  ...values: string[]
) {
  return createClientAddressFinder({ trustedProxies, clientAddressHeader: header })({
    remoteAddress,
    headers: new RequestHeaders(values.flatMap((value) => [header, value])),
  });
}

describe("createClientAddressFinder, with X-Forwarded-For", () => {
  it.each<[what: string, remoteAddress: string, header: string[], client: string]>([
    ["no header", "10.0.0.1", [], "10.0.0.1"],
    ["a client behind a proxy", "10.0.0.1", ["203.0.113.9"], "203.0.113.9"],
    ["a header from a peer that is no proxy", "198.51.100.1", ["203.0.113.9"], "198.51.100.1"],
    ["a single trusted address", "192.0.2.7", ["203.0.113.9"], "203.0.113.9"],
    ["its neighbour", "192.0.2.8", ["203.0.113.9"], "192.0.2.8"],
    ["what the client itself wrote", "10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"],
    ["several proxies", "10.0.0.1", ["203.0.113.9, 10.0.0.3, 10.0.0.2"], "203.0.113.9"],
    ["proxies and lies", "10.0.0.1", ["1.1.1.1,203.0.113.9,10.0.0.3"], "203.0.113.9"],
    ["a client that says it is a proxy", "10.0.0.1", ["10.9.9.9, 203.0.113.9"], "203.0.113.9"],
    ["two headers", "10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"],
    ["proxies only", "10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"],
    ["garbage", "10.0.0.1", ["not an address"], "10.0.0.1"],
    ["garbage before a proxy", "10.0.0.1", ["<script>, 10.0.0.2"], "10.0.0.2"],
    ["garbage before a client", "10.0.0.1", ['",,"=;, 203.0.113.9'], "203.0.113.9"],
    ["an empty header", "10.0.0.1", [""], "10.0.0.1"],
    ["an empty last entry", "10.0.0.1", ["203.0.113.9,"], "10.0.0.1"],
    ["unknown", "10.0.0.1", ["unknown"], "10.0.0.1"],
    ["an address that is none", "10.0.0.1", ["203.0.113.999"], "10.0.0.1"],
    ["an octal one", "10.0.0.1", ["0203.0.113.9"], "10.0.0.1"],
    ["a port", "10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"],
    ["IPv6", "10.0.0.1", ["2001:DB8:0:0::0:1"], "2001:db8::1"],
    ["IPv6 in brackets", "10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"],
    ["IPv6 with port", "10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"],
    ["IPv6 with zone", "10.0.0.1", ["fe80::1%eth0"], "10.0.0.1"],
    ["IPv4 as IPv6", "10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"],
    ["the same in hexadecimal", "10.0.0.1", ["::ffff:cb00:7109"], "203.0.113.9"],
    ["a proxy as IPv6", "10.0.0.1", ["203.0.113.9, ::ffff:10.0.0.2"], "203.0.113.9"],
    ["a peer as IPv6", "::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"],
    ["an IPv6 proxy", "fd00::1", ["203.0.113.9"], "203.0.113.9"],
    ["an IPv6 peer that is no proxy", "2001:db8::2", ["203.0.113.9"], "2001:db8::2"],
    ["a peer with zone", "fe80::2%eth0", ["203.0.113.9"], "fe80::2"],
    [
      "more proxies than there can be",
      "10.0.0.1",
      ["203.0.113.9", ...Array(40).fill("10.0.0.2")],
      "10.0.0.2",
    ],
    ["a very long entry", "10.0.0.1", [`${"9".repeat(10_000)}`], "10.0.0.1"],
  ])("%s: from %s with %j it is %s", (_, remoteAddress, values, client) => {
    expect(find("x-forwarded-for", remoteAddress, ...values)).toBe(client);
  });

  it("knows nothing where the connection is gone", () => {
    expect(find("x-forwarded-for", undefined, "203.0.113.9")).toBeUndefined();
  });
});

describe("createClientAddressFinder, with Forwarded", () => {
  it.each<[what: string, header: string[], client: string]>([
    ["a client", ["for=203.0.113.9"], "203.0.113.9"],
    ["capitals and other members", ['proto=https;FOR="203.0.113.9";by=10.0.0.1'], "203.0.113.9"],
    ["a port", ['for="203.0.113.9:4711"'], "203.0.113.9"],
    ["IPv6", ['for="[2001:db8::1]"'], "2001:db8::1"],
    ["IPv6 with port", ['For="[2001:DB8:cafe::17]:4711"'], "2001:db8:cafe::17"],
    ["an escaped character", ['for="203.0.113\\.9"'], "203.0.113.9"],
    ["several hops", ["for=203.0.113.9, for=10.0.0.3,for=10.0.0.2"], "203.0.113.9"],
    ["lies", ['for=1.1.1.1, for="203.0.113.9"'], "203.0.113.9"],
    ["a lie with an open quote", ['for="1.1.1.1, for=203.0.113.9'], "203.0.113.9"],
    ["a lie with an open quote, and quotes", ['x="1, for="[2001:db8::1]"'], "2001:db8::1"],
    ["a comma in quotes", ['for=203.0.113.9;note="a,b"'], "203.0.113.9"],
    ["a quote in quotes", ['for=203.0.113.9;note="a\\",b"'], "203.0.113.9"],
    ["unknown", ["for=unknown"], "10.0.0.1"],
    ["a name in its place", ["for=203.0.113.9, for=_hidden"], "10.0.0.1"],
    ["no for", ["by=10.0.0.1;proto=http"], "10.0.0.1"],
    ["two of them", ["for=1.1.1.1;for=203.0.113.9"], "10.0.0.1"],
    ["IPv6 without quotes", ["for=[2001:db8::1]"], "10.0.0.1"],
    ["no pair", ["203.0.113.9"], "10.0.0.1"],
    ["garbage", ['for="'], "10.0.0.1"],
    ["garbage without end", [`for=${'"\\'.repeat(5_000)}`], "10.0.0.1"],
  ])("%s: %j is %s", (_, values, client) => {
    expect(find("forwarded", "10.0.0.1", ...values)).toBe(client);
  });

  it("finds an address whatever the headers hold", () => {
    const pieces = ['"', "\\", ",", ";", "=", "for", "[", "]", ":", "::", "1", "ffff", "10.0.0.2"];
    pieces.push("2001:db8::1", "203.0.113.9", "%", " ", "\t", "\u00ff", "256", "for=", '"[');
    let state = 1;
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const values = Array.from({ length: 20_000 }, () =>
      Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join(""),
    );
    for (const header of ["forwarded", "x-forwarded-for"] as const) {
      const hasNone = (value: string) => isIP(find(header, "10.0.0.1", value) ?? "") === 0;
      expect(values.filter(hasNone)).toEqual([]);
    }
  });

  it("looks at the configured header only", () => {
    const headers = new RequestHeaders(["x-forwarded-for", "203.0.113.9"]);
    const finder = createClientAddressFinder({ trustedProxies, clientAddressHeader: "forwarded" });
    expect(finder({ remoteAddress: "10.0.0.1", headers })).toBe("10.0.0.1");
  });
});

describe("createClientAddressFinder, without trusted proxies", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:db8::1", "2001:db8::1"],
  ])("takes the peer %s for %s, whatever it says", (remoteAddress, client) => {
    const finder = createClientAddressFinder({
      trustedProxies: [],
      clientAddressHeader: "x-forwarded-for",
    });
    const headers = new RequestHeaders(["x-forwarded-for", "1.1.1.1"]);
    expect(finder({ remoteAddress, headers })).toBe(client);
  });
});
