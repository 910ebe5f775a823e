import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createCredentialIssuer } from "../../../../src/turn/providers/shared-secret/turn-credential.js";

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
