import { createHmac, sign } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TokenRejectedError } from "../../src/authentication/token-rejected-error.js";
import { type JwksServer, keys, startJwksServer } from "../parts/jwks-server.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { openVerifier } from "./open-verifier.js";
import {
  createSigningKey,
  encode,
  forgeToken,
  goodClaims,
  signToken,
  startSeconds,
} from "./signing-key.js";
import {
  bareAuth,
  createMovableClock,
  createRecordingLog,
  issuerWith,
  reasonOf,
} from "./verifier-setup.js";

const ec = createSigningKey("ES256");
const rsa = createSigningKey("RS256");
const attacker = createSigningKey("ES256", ec.jwk.kid);
const rsaIssuer = "https://rsa.test";
const setIssuer = "https://set.test";

let directory: TemporaryDirectory;
let verifier: ReturnType<typeof openVerifier>;
let attackerServer: JwksServer;

beforeAll(async () => {
  directory = await createTemporaryDirectory("hostile-tokens");
  attackerServer = await startJwksServer(keys(attacker.jwk));
  const jwks = JSON.stringify({ keys: [ec.jwk, rsa.jwk] });
  verifier = openVerifier(
    {
      ...bareAuth,
      jwt: [
        issuerWith({
          kind: "publicKeyFile",
          file: await directory.write("ec.pem", ec.pem),
          algorithms: ["ES256"],
        }),
        issuerWith(
          {
            kind: "publicKeyFile",
            file: await directory.write("rsa.pem", rsa.pem),
            algorithms: ["RS256", "PS256"],
          },
          { issuer: rsaIssuer },
        ),
        issuerWith(
          {
            kind: "jwksFile",
            file: await directory.write("keys.json", jwks),
            algorithms: ["ES256", "ES384", "RS256"],
          },
          { issuer: setIssuer },
        ),
      ],
    },
    { clock: createMovableClock().clock, log: createRecordingLog().log },
  );
});
afterAll(async () => {
  verifier.close();
  await attackerServer.close();
  await directory.remove();
});

const header = { alg: "ES256", kid: ec.jwk.kid };
const payload = JSON.stringify(goodClaims);
const withClaims = (changes: object) => JSON.stringify({ ...goodClaims, ...changes });
const forge = (changedHeader: unknown, changedPayload = payload) =>
  forgeToken(ec.privateKey, changedHeader, changedPayload);
/** The token with its parts exchanged for others, so that the signature is for something else. */
const splice = (token: string, ...parts: (string | undefined)[]) =>
  token
    .split(".")
    .map((part, index) => parts[index] ?? part)
    .join(".");

const good = forge(header);
const unsecured = (alg: string) => `${encode(JSON.stringify({ alg }))}.${encode(payload)}.`;
const hmacWith = (key: string, iss: string, alg = "HS256") => {
  const input = `${encode(JSON.stringify({ alg }))}.${encode(withClaims({ iss }))}`;
  return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
};
const derSigned = () => {
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`;
  return `${input}.${sign("sha256", Buffer.from(input), ec.privateKey).toString("base64url")}`;
};

describe("verify, for an ES256 token made by hand", () => {
  it.each<[what: string, token: string]>([
    ["as it should be", good],
    ["with a claim twice, of which the last counts", forge(header, `{"exp":1,${payload.slice(1)}`)],
    ["of the last of two issuers", forge(header, `{"iss":"https://x.test",${payload.slice(1)}`)],
    ["with several audiences", forge(header, withClaims({ aud: ["other", "ice-service"] }))],
    ["that expired 29 seconds ago", forge(header, withClaims({ exp: startSeconds - 29 }))],
    ["that becomes valid in 30 seconds", forge(header, withClaims({ nbf: startSeconds + 30 }))],
    ["with a fraction in exp", forge(header, withClaims({ exp: startSeconds + 0.5 }))],
    ["without kid", forge({ alg: "ES256" })],
  ])("accepts one %s", async (_, token) => {
    expect(await reasonOf(() => verifier.verify(token))).toBe("accepted");
  });
});

describe("verify, for a hostile token", () => {
  it.each<[reason: string, what: string, token: string]>([
    ["algorithm", "alg none", unsecured("none")],
    ["algorithm", "alg None", unsecured("None")],
    ["algorithm", "alg nOnE", unsecured("nOnE")],
    ["algorithm", "alg none with the signature left on", splice(good, encode('{"alg":"none"}'))],
    ["malformed", "no alg", forge({})],
    ["malformed", "alg empty", forge({ alg: "" })],
    ["malformed", "alg a list", forge({ alg: ["ES256"] })],
    ["algorithm", "alg in lower case", forge({ alg: "es256" })],
    ["algorithm", "alg __proto__", forge({ alg: "__proto__" })],
    ["algorithm", "HS256 with the RSA public key as secret", hmacWith(rsa.pem, rsaIssuer)],
    ["algorithm", "HS256 with the trimmed RSA public key", hmacWith(rsa.pem.trim(), rsaIssuer)],
    ["algorithm", "HS256 with the EC public key as secret", hmacWith(ec.pem, goodClaims.iss)],
    ["algorithm", "HS256 against a key set", hmacWith(JSON.stringify(ec.jwk), setIssuer)],
    ["signature", "HMAC under the name RS256", hmacWith(rsa.pem, rsaIssuer, "RS256")],
    ["signature", "an HMAC under the name ES256", hmacWith(ec.pem, goodClaims.iss, "ES256")],
    ["algorithm", "an algorithm that only another issuer may use", forge({ alg: "RS256" })],
    [
      "unknown_key",
      "an algorithm of the list that the kid's key does not fit",
      forge({ alg: "RS256", kid: ec.jwk.kid }, withClaims({ iss: setIssuer })),
    ],
    [
      "unknown_key",
      "another curve's algorithm of the list",
      forge({ alg: "ES384", kid: ec.jwk.kid }, withClaims({ iss: setIssuer })),
    ],
    [
      "unknown_key",
      "an unknown kid",
      forge({ alg: "ES256", kid: "x" }, withClaims({ iss: setIssuer })),
    ],
    [
      "unknown_key",
      "a kid that is no string",
      forge({ alg: "ES256", kid: 1 }, withClaims({ iss: setIssuer })),
    ],
    ["unknown_issuer", "another issuer", forge(header, withClaims({ iss: "https://evil.test" }))],
    [
      "unknown_issuer",
      "the issuer with a slash more",
      forge(header, withClaims({ iss: "https://issuer.test/" })),
    ],
    ["unknown_issuer", "no issuer", forge(header, withClaims({ iss: undefined }))],
    ["unknown_issuer", "a list of issuers", forge(header, withClaims({ iss: [goodClaims.iss] }))],
    ["unknown_issuer", "the issuer __proto__", forge(header, withClaims({ iss: "__proto__" }))],
    [
      "unknown_issuer",
      "two issuers, the wrong one last",
      forge(header, `${payload.slice(0, -1)},"iss":"x"}`),
    ],
    [
      "unknown_key",
      "another issuer's key",
      forge({ alg: "ES256", kid: "none" }, withClaims({ iss: setIssuer })),
    ],
    ["audience", "another audience", forge(header, withClaims({ aud: "other" }))],
    ["audience", "no audience", forge(header, withClaims({ aud: undefined }))],
    ["audience", "an empty list of audiences", forge(header, withClaims({ aud: [] }))],
    [
      "audience",
      "the audience within a longer one",
      forge(header, withClaims({ aud: "ice-service-2" })),
    ],
    [
      "audience",
      "an audience that is an object",
      forge(header, withClaims({ aud: { 0: "ice-service" } })),
    ],
    ["expired", "exp 30 seconds ago", forge(header, withClaims({ exp: startSeconds - 30 }))],
    ["expired", "exp twice, the past one last", forge(header, `${payload.slice(0, -1)},"exp":1}`)],
    ["expired", "exp negative", forge(header, withClaims({ exp: -1 }))],
    ["not_yet_valid", "nbf in 31 seconds", forge(header, withClaims({ nbf: startSeconds + 31 }))],
    ["claim", "nbf a string", forge(header, withClaims({ nbf: "1" }))],
    ["claim", "no exp", forge(header, withClaims({ exp: undefined }))],
    ["claim", "exp a string", forge(header, withClaims({ exp: String(goodClaims.exp) }))],
    ["claim", "exp null", forge(header, withClaims({ exp: null }))],
    ["claim", "exp beyond all numbers", forge(header, payload.replace(/"exp":\d+/, '"exp":1e999'))],
    [
      "claim",
      "sub a number that others are read as too",
      forge(header, withClaims({ sub: 2 ** 53 })),
    ],
    ["claim", "sub a fraction", forge(header, withClaims({ sub: 0.5 }))],
    ["claim", "sub a list", forge(header, withClaims({ sub: ["alice"] }))],
    ["claim", "sub true", forge(header, withClaims({ sub: true }))],
    ["audience", "a null audience", forge(header, withClaims({ aud: null }))],
    ["claim", "sub an object", forge(header, withClaims({ sub: { toString: "x" } }))],
    ["unsupported", "an unknown critical extension", forge({ ...header, crit: ["exp"], exp: 1 })],
    [
      "unsupported",
      "an unknown critical extension that is absent",
      forge({ ...header, crit: ["x"] }),
    ],
    ["malformed", "an empty list of critical extensions", forge({ ...header, crit: [] })],
    ["malformed", "crit no list", forge({ ...header, crit: "b64" })],
    ["malformed", "an unencoded payload", forge({ ...header, crit: ["b64"], b64: false })],
    ["signature", "no signature", splice(good, undefined, undefined, "")],
    ["signature", "a signature of zeros", splice(good, undefined, undefined, "A".repeat(86))],
    ["signature", "a signature in DER", derSigned()],
    ["signature", "a signature cut short", good.slice(0, -4)],
    ["malformed", "a signature in another alphabet", splice(good, undefined, undefined, "+/+/")],
    [
      "signature",
      "claims changed after signing",
      splice(good, undefined, encode(withClaims({ sub: "root" }))),
    ],
    ["signature", "a header changed after signing", splice(good, encode('{"alg":"ES256"}'))],
    ["signature", "the attacker's signature", forgeToken(attacker.privateKey, header, payload)],
    [
      "signature",
      "its own key in jwk",
      forgeToken(attacker.privateKey, { ...header, jwk: attacker.jwk }, payload),
    ],
    [
      "signature",
      "its own key in jwk against a key set",
      forgeToken(
        attacker.privateKey,
        { ...header, jwk: attacker.jwk },
        withClaims({ iss: setIssuer }),
      ),
    ],
    [
      "signature",
      "a certificate chain in x5c",
      forgeToken(attacker.privateKey, { ...header, x5c: [encode(attacker.pem)] }, payload),
    ],
    ["malformed", "a payload that is a token (nested JWT)", forge({ ...header, cty: "JWT" }, good)],
    ["malformed", "a payload that is a list", forge(header, "[]")],
    ["malformed", "a payload that is null", forge(header, "null")],
    ["malformed", "an empty payload", forge(header, "")],
    ["malformed", "a payload that is not UTF-8", splice(good, undefined, "_w")],
    ["malformed", "a payload that is not base64url", splice(good, undefined, "*")],
    ["malformed", "a header that is not JSON", splice(good, encode("{"))],
    ["malformed", "a header that is a list", splice(good, encode("[]"))],
    ["malformed", "a header that is not base64url", splice(good, "é")],
    ["malformed", "no header", splice(good, "")],
    ["malformed", "dots only", ".."],
    ["unknown_connector_token", "an encrypted token (JWE) of five parts", "e30.a.b.c.d"],
    ["unknown_connector_token", "four parts", `${good}.x`],
    ["unknown_connector_token", "dots without end", ".".repeat(12_288)],
    ["unknown_connector_token", "the empty string", ""],
    ["unknown_connector_token", "12288 bytes", "é".repeat(6144)],
    ["too_large", "12289 bytes", `x${"é".repeat(6144)}`],
    ["too_large", "12289 characters", "x".repeat(12_289)],
    [
      "too_large",
      "a good token with 12 KiB of claims",
      forge(header, withClaims({ more: "x".repeat(12_288) })),
    ],
  ])("refuses as %s: %s", async (reason, _, token) => {
    expect(await reasonOf(() => verifier.verify(token))).toBe(reason);
  });

  it.each(["jku", "x5u"])("never asks the address in %s", async (parameter) => {
    const token = forgeToken(
      attacker.privateKey,
      { ...header, [parameter]: attackerServer.url.href },
      withClaims({ iss: setIssuer }),
    );
    expect(await reasonOf(() => verifier.verify(token))).toBe("signature");
    expect(attackerServer.requestCount).toBe(0);
  });

  it("refuses a PS256 header over an RS256 signature, though the issuer may use both", async () => {
    const token = await signToken(rsa, { claims: { iss: rsaIssuer } });
    const switched = splice(token, encode(JSON.stringify({ alg: "PS256" })));
    expect(await reasonOf(() => verifier.verify(token))).toBe("accepted");
    expect(await reasonOf(() => verifier.verify(switched))).toBe("signature");
  });

  it("refuses one issuer's token under another issuer's name", async () => {
    const token = await signToken(ec, { claims: { iss: rsaIssuer }, header: { alg: "ES256" } });
    expect(await reasonOf(() => verifier.verify(token))).toBe("algorithm");
  });

  it("says the same whatever the cause, and repeats no part of the token", async () => {
    const token = forge(header, withClaims({ exp: 1 }));
    const error = await Promise.resolve(verifier.verify(token)).catch((failure) => failure);
    expect(error).toBeInstanceOf(TokenRejectedError);
    expect([error.message, error.cause, { ...error }]).toEqual([
      "invalid auth token",
      undefined,
      { name: "TokenRejectedError", reason: "expired", isProven: true },
    ]);
  });
});
