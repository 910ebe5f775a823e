import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { readManagedCredential } from "../../src/turn/managed/managed-credential.js";
import { ManagedError } from "../../src/turn/managed/managed-error.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

const url = fc.oneof(
  textOf(
    "turn:",
    "turns:",
    "stun:",
    "a.test",
    ":53",
    ":443",
    "?transport=",
    "udp",
    "tcp",
    "@",
    "//",
  ),
  fc.constantFrom("turn:a.test", "turns:b.test:443?transport=tcp", "turn:c.test:53", "stun:a.test"),
);
const text = fc.oneof(fc.string(), fc.constantFrom("user", "x".repeat(509), ""));
const server = fc.oneof(
  fc.record(
    { urls: fc.oneof(url, fc.array(url)), url, username: text, credential: text },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
);
const list = fc.oneof(fc.array(server), fc.array(server, { minLength: 30 }), fc.jsonValue());
const ttl = fc.oneof(fc.double(), fc.integer(), fc.jsonValue(), fc.constantFrom("60", "1e9"));

describe("the response of a managed TURN service", () => {
  it(
    "is read as servers that every browser takes, or rejected",
    async () => {
      await tryToBreak(
        fc.property(list, ttl, (servers, seconds) => {
          let credential: ReturnType<typeof readManagedCredential>;
          try {
            credential = readManagedCredential(servers, seconds);
          } catch (error) {
            expect(error).toBeInstanceOf(ManagedError);
            return;
          }
          const { entries, ttlSeconds } = credential;
          expect(Number.isInteger(ttlSeconds) && ttlSeconds >= 1).toBe(true);
          const urls = entries.flatMap((entry) => entry.urls.map(parseIceUrl));
          expect(urls.length).toBeLessThanOrEqual(32);
          expect(new Set(urls.map((each) => each.text)).size).toBe(urls.length);
          for (const { scheme, port } of urls) {
            expect(scheme).toMatch(/^turns?$/);
            expect(port).not.toBe(53);
          }
          for (const { username, credential: password } of entries) {
            expect(Buffer.byteLength(username)).toBeGreaterThan(0);
            expect(Buffer.byteLength(username)).toBeLessThan(509);
            expect(password).not.toBe("");
          }
        }),
      );
    },
    fuzzTimeoutMs,
  );
});
