import { createHmac, createSecretKey } from "node:crypto";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { readConnectorTokensFile } from "../../src/authentication/connector/connector-tokens-file.js";
import { readDenyListFile } from "../../src/authentication/deny-list-file.js";
import { TokenRejectedError } from "../../src/authentication/token-rejected-error.js";
import { ConfigError } from "../../src/errors.js";
import { openVerifier } from "../authentication/open-verifier.js";
import { encode, goodClaims, startSeconds } from "../authentication/signing-key.js";
import {
  authWith,
  createMovableClock,
  createRecordingLog,
} from "../authentication/verifier-setup.js";
import { MemoryFiles } from "../parts/memory-files.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

const secret = createSecretKey("fuzz-secret-of-more-than-32-bytes", "utf8");
const verifier = openVerifier(authWith({ kind: "secret", secret, algorithms: ["HS256"] }), {
  clock: createMovableClock().clock,
  log: createRecordingLog().log,
});
afterAll(() => verifier.close());

function signRaw(header: string, payload: string): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

/** The subject of the caller, or undefined where the token was refused as tokens are. */
async function verify(token: string): Promise<string | undefined> {
  try {
    return (await verifier.verify(token)).subject;
  } catch (error) {
    expect(error).toBeInstanceOf(TokenRejectedError);
    expect(String(error)).toBe("TokenRejectedError: invalid auth token");
    return undefined;
  }
}

const goodHeader = JSON.stringify({ alg: "HS256" });
const goodPayload = JSON.stringify(goodClaims);
const goodToken = signRaw(goodHeader, goodPayload);

describe("a token verifier", { timeout: fuzzTimeoutMs }, () => {
  it("takes the token that the others here are made of", async () => {
    expect(await verify(goodToken)).toBe("alice");
  });

  it("refuses texts", async () => {
    const text = textOf(
      ".",
      "..",
      "e30",
      "eyJhbGciOiJub25lIn0",
      goodToken,
      encode(goodPayload),
      "=",
      "-",
      "_",
    );
    await tryToBreak(
      fc.asyncProperty(text, async (token) => {
        expect(await verify(token)).toBe(token === goodToken ? "alice" : undefined);
      }),
    );
  });

  it("refuses a good token with one character changed", async () => {
    const other = fc.tuple(
      fc.nat(goodToken.length - 2),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    );
    await tryToBreak(
      fc.asyncProperty(other, async ([index, character]) => {
        const token = goodToken.slice(0, index) + character + goodToken.slice(index + 1);
        expect(await verify(token)).toBe(token === goodToken ? "alice" : undefined);
      }),
    );
  });

  it("refuses any header and any payload that are not good, though the signature is", async () => {
    const json = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc
        .dictionary(
          fc.constantFrom("alg", "kid", "crit", "b64", "typ", "jwk", "x5c"),
          fc.jsonValue({ maxDepth: 1 }),
        )
        .map((extra) => JSON.stringify({ alg: "HS256", ...extra })),
      textOf("{", "}", '"alg":', '"HS256"', ",", "1e999", "\\ud800"),
    );
    const claims = fc
      .dictionary(
        fc.constantFrom("iss", "aud", "sub", "exp", "nbf", "iat", "jti"),
        fc.oneof(
          fc.jsonValue({ maxDepth: 2 }),
          fc.constantFrom(startSeconds + 9, 1e300, -1, goodClaims.aud),
        ),
      )
      .map((changes) => ({ ...goodClaims, ...changes }));
    await tryToBreak(
      fc.asyncProperty(json, claims, json, async (header, changed, payload) => {
        await verify(signRaw(header, goodPayload));
        await verify(signRaw(goodHeader, payload));
        const subject = await verify(signRaw(goodHeader, JSON.stringify(changed)));
        if (subject !== undefined) {
          expect(changed.iss).toBe(goodClaims.iss);
          expect(subject).toBe(String(changed.sub ?? ""));
          expect([changed.aud].flat()).toContain(goodClaims.aud);
          expect(changed.exp).toBeGreaterThan(startSeconds - 31);
        }
      }),
    );
  });
});

describe("the files beside the configuration end in what they are for or in a ConfigError", {
  timeout: fuzzTimeoutMs,
}, () => {
  const marker = "never-to-be-printed";
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom(
      "a",
      marker,
      `sha256:${"0".repeat(64)}`,
      "2030-01-31",
      "2030-01-31T12:00:00Z",
      "9999-99-99",
    ),
  );
  const key = fc.constantFrom("name", "hash", "expires", "jti", "subject", "issuer", marker);
  const content = fc.oneof(
    textOf(
      "tokens:",
      "deny:",
      " ",
      "- ",
      "\n",
      "{",
      "}",
      "[",
      "]",
      marker,
      "&a ",
      "*a",
      ": ",
      "name",
      "hash",
    ),
    fc
      .array(fc.dictionary(key, value), { maxLength: 3 })
      .map((entries) => stringify({ tokens: entries })),
    fc
      .array(fc.dictionary(key, value), { maxLength: 3 })
      .map((entries) => stringify({ deny: entries })),
  );
  const problemOf = (read: () => unknown) => {
    try {
      read();
      return "";
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return String(error);
    }
  };

  it("connector tokens", async () => {
    await tryToBreak(
      fc.property(content, (text) => {
        const files = new MemoryFiles({ "tokens.yaml": text });
        expect(problemOf(() => readConnectorTokensFile("/tokens.yaml", files))).not.toContain(
          marker,
        );
      }),
    );
  });

  it("a deny list", async () => {
    const token = { issuer: "i", subject: "a", id: "a" };
    await tryToBreak(
      fc.property(content, (text) => {
        const files = new MemoryFiles({ "deny.yaml": text });
        const problem = problemOf(() => {
          expect(typeof readDenyListFile("/deny.yaml", files)(token)).toBe("boolean");
        });
        expect(problem).not.toContain(marker);
      }),
    );
  });
});
