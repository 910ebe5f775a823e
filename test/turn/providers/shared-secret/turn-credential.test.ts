import { createHmac, createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createCredentialIssuer,
  createHmacSha1,
} from "../../../../src/turn/providers/shared-secret/turn-credential.js";

function repeat(byte: number, count: number): Buffer {
  return Buffer.alloc(count, byte);
}

/** Numbers that are the same in every run (a linear congruential generator). */
function createNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state % below;
  };
}

const alphabet = ["a", "7", ":", "é", "漢", "😀", "\ud83d", "\ude00", "\0", "\u00ff"];

describe("createHmacSha1", () => {
  // RFC 2202 section 3. Case 3 has data that is not UTF-8.
  it.each([
    [1, repeat(0x0b, 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"],
    [
      2,
      Buffer.from("Jefe"),
      "what do ya want for nothing?",
      "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
    ],
    [5, repeat(0x0c, 20), "Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"],
    [
      6,
      repeat(0xaa, 80),
      "Test Using Larger Than Block-Size Key - Hash Key First",
      "aa4ae5e15272d00e95705637ce8a3b55ed402112",
    ],
    [
      7,
      repeat(0xaa, 80),
      "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
      "e8e99d0f45237d786d6bbaa7965c7808bbff1a91",
    ],
  ])("computes test case %i of RFC 2202", (_, key, text, digest) => {
    expect(Buffer.from(createHmacSha1(createSecretKey(key))(text), "base64").toString("hex")).toBe(
      digest,
    );
  });

  it.each([1, 63, 64, 65, 200])("agrees with createHmac for keys of %i bytes", (keyBytes) => {
    const below = createNumbers(keyBytes);
    const key = createSecretKey(Buffer.from(Array.from({ length: keyBytes }, () => below(256))));
    const sign = createHmacSha1(key);
    // Long and short texts in turn, so that nothing of one text is left for the next.
    for (const length of [511, 0, 512, 1, 513, 200, 700, 3]) {
      const text = Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
      expect(sign(text)).toBe(createHmac("sha1", key).update(text).digest("base64"));
    }
  });
});

describe("createCredentialIssuer", () => {
  // The second vector is the worked example that circulates with coturn's TURN REST documentation.
  it.each([
    ["north", "webrtc-gateway", 1748390400, "9zTyyX25Poj85Sz3pqWpCdHwsHE="],
    ["logen", "ninefingers", 1433895918, "HY+Vd729N0UZ/xCzjg1F0GsoMK8="],
  ])("signs with %s for %s", (secret, name, expiresAtSeconds, credential) => {
    expect(createCredentialIssuer(createSecretKey(secret, "utf8"))(name, expiresAtSeconds)).toEqual(
      {
        username: `${expiresAtSeconds}:${name}`,
        credential,
      },
    );
  });
});
