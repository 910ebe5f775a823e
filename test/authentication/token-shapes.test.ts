import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { openVerifier } from "./open-verifier.js";
import {
  createHmacSecret,
  createSigningKey,
  encode,
  goodClaims,
  issuer,
  startSeconds,
} from "./signing-key.js";
import {
  bareAuth,
  createMovableClock,
  createRecordingLog,
  issuerWith,
  reasonOf,
} from "./verifier-setup.js";

const secret = createHmacSecret();
const ec = createSigningKey("ES256", "ec");
const ed = createSigningKey("EdDSA", "ed");
const signers = {
  HS256: secret,
  ES256: ec.privateKey,
  EdDSA: ed.privateKey,
  Ed25519: ed.privateKey,
};

let directory: TemporaryDirectory;
let verifier: ReturnType<typeof openVerifier>;

beforeAll(async () => {
  directory = await createTemporaryDirectory("token-shapes");
  verifier = openVerifier(
    {
      ...bareAuth,
      jwt: [
        issuerWith({ kind: "secret", secret, algorithms: ["HS256"] }, { clockToleranceSeconds: 0 }),
        issuerWith({
          kind: "jwksFile",
          file: await directory.write(
            "keys.json",
            `\ufeff${JSON.stringify({ keys: [null, { ...ec.jwk, alg: null }] })}`,
          ),
          algorithms: ["ES256"],
        }),
        issuerWith(
          {
            kind: "publicKeyFile",
            file: await directory.write("ed.pem", `\ufeff${ed.pem}`),
            algorithms: ["EdDSA"],
          },
          { audience: ["other"] },
        ),
        ...(["client_id", "azp"] as const).map((audienceClaim) =>
          issuerWith(
            { kind: "secret", secret, algorithms: ["HS256"] },
            { issuer: audienceClaim, audience: ["app", "web"], audienceClaim },
          ),
        ),
      ],
    },
    { clock: createMovableClock().clock, log: createRecordingLog().log },
  );
});
afterAll(async () => {
  verifier.close();
  await directory.remove();
});

const sign = (
  alg: keyof typeof signers,
  claims: object = {},
  key: KeyObject | Uint8Array = signers[alg],
) => new SignJWT({ ...goodClaims, ...claims }).setProtectedHeader({ alg }).sign(key);

describe("several entries of one issuer", () => {
  it.each<[what: string, token: () => Promise<string>, result: string]>([
    // supabase/cli#4726
    ["the secret's algorithm", () => sign("HS256"), "accepted"],
    ["the key set's algorithm", () => sign("ES256"), "accepted"],
    ["EdDSA, for the entry's audience", () => sign("EdDSA", { aud: "other" }), "accepted"],
    // better-auth/better-auth#11348
    ["Ed25519, which is the same", () => sign("Ed25519", { aud: "other" }), "accepted"],
    ["the audience of another entry", () => sign("ES256", { aud: "other" }), "audience"],
    [
      "an algorithm of no entry",
      () => sign("HS256").then((token) => withHeader(token, { alg: "HS384" })),
      "algorithm",
    ],
    ["no algorithm", () => sign("HS256").then((token) => withHeader(token, {})), "malformed"],
    [
      "alg none",
      () => sign("HS256").then((token) => withHeader(token, { alg: "none" })),
      "algorithm",
    ],
    [
      "a list of algorithms",
      () => sign("HS256").then((token) => withHeader(token, { alg: ["HS256"] })),
      "malformed",
    ],
    [
      "no JSON for a header",
      () => sign("HS256").then((token) => token.replace(/^[^.]*/, encode("{"))),
      "malformed",
    ],
    [
      "another entry's signature under its algorithm",
      () => sign("ES256").then((token) => withHeader(token, { alg: "HS256" })),
      "signature",
    ],
    [
      "an HMAC by the public key of another entry",
      () => sign("HS256", {}, Buffer.from(ed.pem)),
      "signature",
    ],
    [
      "Ed25519 by another key",
      () => sign("Ed25519", { aud: "other" }, generateKeyPairSync("ed25519").privateKey),
      "signature",
    ],
  ])("judge a token with %s", async (_, token, result) => {
    const signed = await token();
    expect(await reasonOf(() => verifier.verify(signed))).toBe(result);
  });

  it("apply the settings of the entry that verified the token", async () => {
    const late = { exp: startSeconds - 10 };
    const [strict, tolerant] = [await sign("HS256", late), await sign("ES256", late)];
    expect(await reasonOf(() => verifier.verify(strict))).toBe("expired");
    expect(await reasonOf(() => verifier.verify(tolerant))).toBe("accepted");
  });
});

function withHeader(token: string, header: object): string {
  return token.replace(/^[^.]*/, encode(JSON.stringify(header)));
}

describe("audienceClaim", () => {
  const { aud: _, ...withoutAudience } = goodClaims;
  const signWith = (claims: object) =>
    new SignJWT({ ...withoutAudience, ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .sign(secret);

  it.each<[what: string, claims: object, result: string]>([
    // DuendeArchive/IdentityModel#555: access tokens of Cognito
    ["client_id", { iss: "client_id", client_id: "app" }, "accepted"],
    ["the other client_id", { iss: "client_id", client_id: "web" }, "accepted"],
    ["a foreign client_id", { iss: "client_id", client_id: "game" }, "audience"],
    ["a client_id that begins like one", { iss: "client_id", client_id: "apps" }, "audience"],
    ["no client_id", { iss: "client_id" }, "audience"],
    ["a null client_id", { iss: "client_id", client_id: null }, "audience"],
    ["azp in place of client_id", { iss: "client_id", azp: "app" }, "audience"],
    ["a good aud in its place", { iss: "client_id", aud: "app" }, "accepted"],
    [
      "a good aud and a foreign client_id",
      { iss: "client_id", aud: ["x", "app"], client_id: "game" },
      "accepted",
    ],
    [
      "a foreign aud and a good client_id",
      { iss: "client_id", aud: "game", client_id: "app" },
      "audience",
    ],
    [
      "an empty aud and a good client_id",
      { iss: "client_id", aud: [], client_id: "app" },
      "audience",
    ],
    [
      "a null aud and a good client_id",
      { iss: "client_id", aud: null, client_id: "app" },
      "audience",
    ],
    // clerk/javascript#8470
    ["azp", { iss: "azp", azp: "web" }, "accepted"],
    ["a foreign azp", { iss: "azp", azp: "https://evil.example" }, "audience"],
    ["a list in azp", { iss: "azp", azp: ["app"] }, "accepted"],
    [
      "client_id and no audience, by an issuer with aud",
      { iss: issuer, client_id: "ice-service" },
      "audience",
    ],
  ])("judges a token with %s", async (_, claims, result) => {
    const token = await signWith(claims);
    expect(await reasonOf(() => verifier.verify(token))).toBe(result);
  });
});

describe("the subject", () => {
  it.each<[sub: unknown, subject: string]>([
    ["alice", "alice"],
    ["", ""],
    [undefined, ""],
    // sebadob/rauthy#1646: a token of a client, for no user
    [null, ""],
    [0, "0"],
    [-0, "0"],
    [7, "7"],
    [-7, "-7"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
  ])("of sub %j is %j", async (sub, subject) => {
    const token = await sign("HS256", { sub });
    expect(await verifier.verify(token)).toMatchObject({ issuer, subject });
  });
});

describe("the log's word on a token without aud", () => {
  it.each<[claims: object, hint: RegExp]>([
    [{ client_id: "app" }, /the token has no aud, .*; it has client_id, see audienceClaim$/],
    [{ azp: "app", client_id: "b" }, /it has client_id and azp, see audienceClaim$/],
    [{}, /the token has no aud, which must contain one of "ice-service"$/],
  ])("of claims %j", async (claims, detail) => {
    const { aud: _, ...others } = goodClaims;
    const token = await new SignJWT({ ...others, ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .sign(secret);
    const rejection = Promise.resolve(verifier.verify(token));
    await expect(rejection).rejects.toMatchObject({ detail: expect.stringMatching(detail) });
  });
});
