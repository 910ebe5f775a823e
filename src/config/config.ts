import type { KeyObject } from "node:crypto";
import type { IceServerSettings } from "../ice/ice-server-list.js";

/** The effective configuration: complete, checked, file names absolute. Never changed once built. */
export interface Config {
  readonly listen: ListenConfig;
  readonly cors: { readonly allowedOrigins: readonly string[] };
  readonly auth: AuthConfig;
  readonly ice: IceServerSettings;
  readonly limits: LimitsConfig;
  /** Whether gRPC server reflection is served. */
  readonly reflection: boolean;
  readonly log: LogConfig;
  readonly shutdown: ShutdownConfig;
}

export interface ListenConfig {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** More connections than this are closed as they arrive; of each worker they wait. */
  readonly maxConnections: number;
  readonly tls?: TlsConfig;
}

/** The largest certificate, key or authority file, in bytes. */
export const maxPemBytes = 1024 * 1024;

export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** When set, a client has to present a certificate that one of these authorities signed. */
  readonly clientCaFile?: string;
}

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

export interface LimitsConfig {
  /** Open at a time in this process, over all protocols. */
  readonly watches: number;
  /** Of these, for one caller. */
  readonly watchesPerCaller: number;
}

export interface LogConfig {
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  readonly format: "json" | "pretty";
}

export interface ShutdownConfig {
  /** How long to keep accepting, while not ready, so that load balancers notice. */
  readonly delaySeconds: number;
  /** How long calls in flight may take to finish after that. */
  readonly timeoutSeconds: number;
}
