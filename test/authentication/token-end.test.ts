import { expect, it } from "vitest";
import { hashConnectorToken } from "../../src/authentication/connector-token.js";
import { openVerifier } from "./open-verifier.js";
import { createHmacSecret, issuer, startSeconds } from "./signing-key.js";
import { authWith, createMovableClock, createRecordingLog } from "./verifier-setup.js";

it("findEndSeconds tells from when on a token is refused", async () => {
  const token = "a-connector-token";
  const movable = createMovableClock();
  const verifier = openVerifier(
    authWith({ kind: "secret", secret: createHmacSecret(), algorithms: ["HS256"] }),
    {
      clock: movable.clock,
      log: createRecordingLog().log,
      connectorTokens: [
        { name: "gateway", hash: hashConnectorToken(token), expiresAtSeconds: startSeconds + 60 },
      ],
    },
  );
  const endOf = (expiresAtSeconds: number) =>
    verifier.findEndSeconds({ kind: "jwt", issuer, subject: "alice", expiresAtSeconds });
  // The tolerance of its issuer is 30 s, and whole seconds are compared.
  expect(endOf(startSeconds)).toBe(startSeconds + 30);
  expect(endOf(startSeconds + 0.5)).toBe(startSeconds + 31);
  const end = verifier.findEndSeconds(await verifier.verify(token));
  expect(end).toBe(startSeconds + 60);
  expect(verifier.findEndSeconds({ kind: "connector", subject: "gateway" })).toBeUndefined();
  movable.moveSeconds(59);
  expect(verifier.verify(token)).toMatchObject({ subject: "gateway" });
  movable.moveSeconds(1);
  expect(() => verifier.verify(token)).toThrow("invalid auth token");
  verifier.close();
});
