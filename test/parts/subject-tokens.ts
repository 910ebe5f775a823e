import { randomBytes } from "node:crypto";
import { SignJWT } from "jose";

export interface SubjectTokens {
  /** For `auth.jwt` of the service's configuration. */
  readonly jwt: readonly object[];
  /** To write beside the configuration file. */
  readonly files: Readonly<Record<string, string>>;
  /** Makes a token for this subject, by default good for ten minutes. */
  sign(subject: string, lifeSeconds?: number): Promise<string>;
}

/**
 * An issuer whose HS256 tokens the service accepts, whoever their subject is.
 * @param host of the issuer, which is an https: URL
 */
export function createSubjectTokens(host = "issuer.test"): SubjectTokens {
  const issuer = `https://${host}`;
  const secretFile = `${host}.secret`;
  const audience = "ice-service";
  const secret = randomBytes(32).toString("hex");
  return {
    jwt: [{ issuer, audience, algorithms: ["HS256"], secretFile }],
    files: { [secretFile]: `${secret}\n` },
    sign: (subject, lifeSeconds = 600) =>
      new SignJWT()
        .setProtectedHeader({ alg: "HS256" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setExpirationTime(`${lifeSeconds}s`)
        .sign(Buffer.from(secret, "utf8")),
  };
}
