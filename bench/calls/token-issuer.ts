import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";

export type JwtAlgorithm = "ES256" | "RS256";

/** Tokens must outlive the run. */
const lifeSeconds = 24 * 3600;
const tokensPerWrite = 1000;

export interface TokenIssuer {
  readonly algorithm: JwtAlgorithm;
  readonly issuer: string;
  readonly audience: string;
  /** The public key in PEM. */
  readonly publicKey: string;
  /** Makes a token unlike any before. */
  sign(): string;
  /** Writes that many tokens, one a line: about 20,000 a second with ES256. */
  writeTokens(file: string, count: number): void;
}

export function createTokenIssuer(algorithm: JwtAlgorithm): TokenIssuer {
  const { privateKey, publicKey } =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const issuer = `https://${algorithm.toLowerCase()}.bench.test`;
  const audience = "ice-service";
  const header = encode({ alg: algorithm, typ: "JWT" });
  let signed = 0;

  function signToken(): string {
    signed += 1;
    const nowSeconds = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: audience,
      sub: `caller-${signed}`,
      iat: nowSeconds,
      exp: nowSeconds + lifeSeconds,
    };
    const input = `${header}.${encode(claims)}`;
    return `${input}.${signText(privateKey, input)}`;
  }

  return {
    algorithm,
    issuer,
    audience,
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    sign: signToken,
    writeTokens(file, count) {
      const descriptor = openSync(file, "w", 0o600);
      for (let written = 0; written < count; written += tokensPerWrite) {
        const length = Math.min(tokensPerWrite, count - written);
        writeSync(descriptor, Array.from({ length }, () => `${signToken()}\n`).join(""));
      }
      closeSync(descriptor);
    },
  };
}

/** The encoding of the signature is that of JWS; node:crypto ignores it for RSA. */
function signText(key: KeyObject, text: string): string {
  return sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString(
    "base64url",
  );
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
