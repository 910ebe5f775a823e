import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IceUrlError, parseIceUrl } from "../../src/ice/ice-url.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

// The grammar of RFC 7064 and RFC 7065 section 3.1 with the host of RFC 3986 section 3.2.2, written
// out by itself, so that it shares no code with the parser.
const octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const ipv4 = `(?:${octet}\\.){3}${octet}`;
const h16 = "[0-9a-f]{1,4}";
const ls32 = `(?:${h16}:${h16}|${ipv4})`;
const ipv6 = [
  `(?:${h16}:){6}${ls32}`,
  `::(?:${h16}:){5}${ls32}`,
  `(?:${h16})?::(?:${h16}:){4}${ls32}`,
  `(?:(?:${h16}:){0,1}${h16})?::(?:${h16}:){3}${ls32}`,
  `(?:(?:${h16}:){0,2}${h16})?::(?:${h16}:){2}${ls32}`,
  `(?:(?:${h16}:){0,3}${h16})?::${h16}:${ls32}`,
  `(?:(?:${h16}:){0,4}${h16})?::${ls32}`,
  `(?:(?:${h16}:){0,5}${h16})?::${h16}`,
  `(?:(?:${h16}:){0,6}${h16})?::`,
].join("|");
const registeredName = "(?:[a-z0-9._~!$&'()*+,;=-]|%[0-9a-f]{2})+";
const hostPort = `(?:\\[(?:${ipv6})\\]|${ipv4}|${registeredName})(?::[0-9]+)?`;
const grammar = new RegExp(
  `^(?:stuns?:${hostPort}|turns?:${hostPort}(?:\\?transport=(?:udp|tcp))?)$`,
  "i",
);

const scheme = fc.constantFrom("stun:", "stuns:", "turn:", "turns:", "TURN:", "http:", "");
const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6().map((address) => `[${address}]`),
  textOf("a", "example.org", "xn--", "-", ".", "0x", "1", "[", "]", "::", ":", "%25", "ü", "_"),
);
const port = fc.oneof(
  fc.constant(""),
  fc.nat(70_000).map((number) => `:${number}`),
  fc.string({ maxLength: 3 }).map((text) => `:${text}`),
);
const query = fc.constantFrom(
  "",
  "?transport=udp",
  "?transport=tcp",
  "?transport=sctp",
  "?",
  "#",
  "/",
  "?a",
);
const anyUrl = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(scheme, host, port, query).map((parts) => parts.join("")) },
  {
    weight: 1,
    arbitrary: textOf("turn:", "stun:", "//", "@", "example.org", ":3478", "?transport="),
  },
);

const parse = (text: string) => {
  try {
    return parseIceUrl(text);
  } catch (error) {
    expect(error).toBeInstanceOf(IceUrlError);
    return undefined;
  }
};

describe("parseIceUrl", { timeout: fuzzTimeoutMs }, () => {
  it("takes nothing that the grammar does not have, nor what URL parsers refuse as a host", async () => {
    await tryToBreak(
      fc.property(anyUrl, (text) => {
        const url = parse(text);
        if (url !== undefined) {
          expect(url.text).toMatch(grammar);
          const authority = url.host.includes(":") ? `[${url.host}]` : url.host;
          const asWeb = new URL(`https://${authority}:${url.port}/`);
          expect(asWeb.port).toBe(url.port === 443 ? "" : String(url.port));
          expect(url.port).toBeGreaterThan(0);
          // Neither an address made of a name, nor a name changed.
          expect(asWeb.hostname).toBe(
            url.host.includes(":") ? asWeb.hostname : url.host.toLowerCase(),
          );
          expect(parseIceUrl(url.text)).toEqual(url);
        }
      }),
    );
  });

  it("takes every name and address with every port", async () => {
    const goodHost = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
    );
    const good = fc.tuple(
      fc.constantFrom("stun", "stuns", "turn", "turns"),
      goodHost,
      fc.integer({ min: 1, max: 65_535 }),
    );
    await tryToBreak(
      fc.property(good, ([name, where, number]) => {
        const text = `${name}:${where}:${number}`;
        expect(text).toMatch(grammar);
        expect(parseIceUrl(text)).toMatchObject({ scheme: name, port: number, text });
      }),
    );
  });

  it("tells no password that somebody wrote before an @", async () => {
    const password = fc
      .string({ minLength: 6, maxLength: 20 })
      .filter((text) => !text.includes("@"));
    await tryToBreak(
      fc.property(scheme, password, host, (name, secret, where) => {
        try {
          parseIceUrl(`${name}user:hidden-${secret}@${where}`);
          expect.unreachable();
        } catch (error) {
          expect(error).toBeInstanceOf(IceUrlError);
          expect(String(error)).not.toContain("hidden-");
        }
      }),
    );
  });
});
