import { createPublicKey } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { denyNothing } from "../../../src/authentication/deny-list-file.js";
import {
  createJwtVerifier,
  type JwtVerifier,
} from "../../../src/authentication/jwt/jwt-verifier.js";
import { createFixedSource } from "../../../src/authentication/jwt/key-source.js";
import { createSigningKey, signToken, startSeconds } from "../signing-key.js";
import { issuerWith } from "../verifier-setup.js";

const key = createSigningKey("ES256", "first");
const withHeader = (members: object) => signToken(key, { header: members });

const findKey = vi.fn(async () => createPublicKey(key.pem));
let verifier: JwtVerifier;

beforeEach(() => {
  findKey.mockClear();
  verifier = createJwtVerifier(
    issuerWith({ kind: "publicKeyFile", file: "unused.pem", algorithms: ["ES256"] }),
    {
      source: createFixedSource(findKey),
      clock: () => startSeconds * 1000,
      isDenied: denyNothing,
      toleratesExpiry: true,
    },
  );
});

describe("a JWT verifier", () => {
  it("asks for a key once for all tokens with one header", async () => {
    await verifier.verify(await signToken(key));
    await verifier.verify(await signToken(key));
    expect(findKey).toHaveBeenCalledTimes(1);
    await verifier.verify(await withHeader({ typ: "at+jwt" }));
    expect(findKey).toHaveBeenCalledTimes(2);
  });

  it("remembers no key of a token that does not verify", async () => {
    const forged = `${(await signToken(key)).slice(0, -6)}AAAAAA`;
    await expect(verifier.verify(forged)).rejects.toThrow("invalid auth token");
    await verifier.verify(await signToken(key));
    expect(findKey).toHaveBeenCalledTimes(2);
  });

  it("asks again once keys have changed, even while it was verifying", async () => {
    const pending = verifier.verify(await signToken(key));
    verifier.forget();
    await pending;
    await verifier.verify(await signToken(key));
    expect(findKey).toHaveBeenCalledTimes(2);
  });

  it("keeps few keys, however many headers there are", async () => {
    for (let nonce = 0; nonce < 17; nonce += 1) {
      await verifier.verify(await withHeader({ nonce }));
    }
    await verifier.verify(await withHeader({ nonce: 16 }));
    expect(findKey).toHaveBeenCalledTimes(17);
    await verifier.verify(await withHeader({ nonce: 0 }));
    expect(findKey).toHaveBeenCalledTimes(18);
  });
});
