import type { KeyObject } from "node:crypto";

export interface AuthConfig {
  /** Whether `?token=` is accepted on the REST route. */
  readonly queryToken: boolean;
  readonly jwt: readonly JwtIssuerConfig[];
  readonly connectorTokensFile?: string;
  /** Names revoked JWTs and subjects. */
  readonly denyListFile?: string;
}

export const asymmetricAlgorithms = [
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
] as const;
export const hmacAlgorithms = ["HS256", "HS384", "HS512"] as const;
export type AsymmetricAlgorithm = (typeof asymmetricAlgorithms)[number];
export type HmacAlgorithm = (typeof hmacAlgorithms)[number];

export interface JwtIssuerConfig {
  readonly issuer: string;
  /** A token has to name at least one of these. */
  readonly audience: readonly string[];
  readonly clockToleranceSeconds: number;
  readonly keys: JwtKeys;
}

/** Where an issuer's keys come from, with the only algorithms that those keys may verify. */
export type JwtKeys =
  | {
      readonly kind: "jwksUrl";
      readonly url: URL;
      readonly algorithms: readonly AsymmetricAlgorithm[];
    }
  | {
      readonly kind: "jwksFile" | "publicKeyFile";
      readonly file: string;
      readonly algorithms: readonly AsymmetricAlgorithm[];
    }
  | {
      readonly kind: "secret";
      readonly secret: KeyObject;
      readonly algorithms: readonly HmacAlgorithm[];
    };
