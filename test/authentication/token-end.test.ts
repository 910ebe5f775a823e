import { expect, it } from "vitest";
import { hashConnectorToken } from "../../src/authentication/connector/connector-token.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { openVerifier } from "./open-verifier.js";
import { createSigningKey, signToken, startSeconds } from "./signing-key.js";
import { authWith, createMovableClock, createRecordingLog, reasonOf } from "./verifier-setup.js";

const { log } = createRecordingLog();

it("a caller tells from when on its JWT is refused: exp with the tolerance of its issuer", async () => {
  const directory = await createTemporaryDirectory("token-end");
  const key = createSigningKey("ES256");
  const file = await directory.write("key.pem", key.pem);
  const movable = createMovableClock();
  const verifier = openVerifier(authWith({ kind: "publicKeyFile", file, algorithms: ["ES256"] }), {
    clock: movable.clock,
    log,
  });
  const signUntil = (exp: number) => signToken(key, { claims: { exp } });
  const token = await signUntil(startSeconds + 10);
  expect(await verifier.verify(token)).toMatchObject({ endsAtSeconds: startSeconds + 40 });
  // Whole seconds are compared.
  expect(await verifier.verify(await signUntil(startSeconds + 10.5))).toMatchObject({
    endsAtSeconds: startSeconds + 41,
  });
  movable.moveSeconds(39);
  expect(await verifier.verify(token)).toMatchObject({ subject: "alice" });
  movable.moveSeconds(1);
  await expect(verifier.verify(token)).rejects.toThrow("invalid auth token");
  verifier.close();
  await directory.remove();
});

it("a caller tells from when on its connector token is refused, if ever", async () => {
  const movable = createMovableClock();
  const verifier = openVerifier(authWith(), {
    clock: movable.clock,
    log,
    connectorTokens: [
      { name: "a", hash: hashConnectorToken("short"), expiresAtSeconds: startSeconds + 60 },
      { name: "b", hash: hashConnectorToken("endless") },
    ],
  });
  expect(verifier.verify("short")).toMatchObject({ endsAtSeconds: startSeconds + 60 });
  expect(verifier.verify("endless")).not.toHaveProperty("endsAtSeconds");
  movable.moveSeconds(59);
  expect(verifier.verify("short")).toMatchObject({ subject: "a" });
  movable.moveSeconds(1);
  expect(() => verifier.verify("short")).toThrow("invalid auth token");
  verifier.close();
});

it("without a tolerance for exp, a token is refused from its exp on, and nbf still has one", async () => {
  const key = createSigningKey("ES256");
  const directory = await createTemporaryDirectory("token-end");
  const file = await directory.write("key.pem", key.pem);
  const movable = createMovableClock();
  const verifier = openVerifier(authWith({ kind: "publicKeyFile", file, algorithms: ["ES256"] }), {
    clock: movable.clock,
    log,
    toleratesExpiry: false,
  });
  const sign = (claims: { readonly exp: number; readonly nbf?: number }) =>
    signToken(key, { claims });
  const reason = async (token: string) => reasonOf(() => verifier.verify(token));
  const token = await sign({ exp: startSeconds + 60, nbf: startSeconds + 30 });
  expect(await reason(token)).toBe("accepted");
  expect(await verifier.verify(token)).toMatchObject({ endsAtSeconds: startSeconds + 60 });
  movable.moveSeconds(59.999);
  expect(await reason(token)).toBe("accepted");
  movable.moveSeconds(0.001);
  // Known, and then unknown.
  expect(await reason(token)).toBe("expired");
  expect(await reason(await sign({ exp: startSeconds + 60 }))).toBe("expired");
  expect(await reason(await sign({ exp: startSeconds + 60.5 }))).toBe("accepted");
  verifier.close();
  await directory.remove();
});
