import type { KeyObject } from "node:crypto";
import type { IceUrl } from "../ice/ice-url.js";
import type { IceRegion, IceServerSettings } from "../turn/ice-server-settings.js";
import type { AcceptedSecret } from "../turn/providers/shared-secret/provider.js";

/** The effective configuration: complete, checked, file names absolute. Never changed once built. */
export interface Config {
  readonly listen: ListenConfig;
  /** Absent when it is switched off. */
  readonly admin?: AdminConfig;
  readonly cors: { readonly allowedOrigins: readonly string[] };
  readonly auth: AuthConfig;
  readonly ice: IceConfig;
  readonly limits: LimitsConfig;
  /** Whether gRPC server reflection is served. */
  readonly reflection: boolean;
  /** Whether the page that tries the servers of the list is served. */
  readonly diagnostics: boolean;
  readonly log: LogConfig;
  readonly shutdown: ShutdownConfig;
}

/** How clients reach the service, beside where it listens. */
export interface ListenConfig extends PortConfig {
  /** Proxies whose word counts about where a request comes from: CIDR blocks and addresses. */
  readonly trustedProxies: readonly string[];
  /** Where they say it. */
  readonly clientAddressHeader: ClientAddressHeader;
}

export const clientAddressHeaders = ["x-forwarded-for", "forwarded"] as const;
export type ClientAddressHeader = (typeof clientAddressHeaders)[number];

export interface PortConfig {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** More connections than this are closed as they arrive; of each worker they wait. */
  readonly maxConnections: number;
  readonly tls?: TlsConfig;
}

/** Where metrics are served. */
export interface AdminConfig {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Whether nobody has asked for it: the service then starts even if the address is taken. */
  readonly isDefault: boolean;
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

export interface IceConfig extends IceServerSettings {
  readonly regions: readonly [RegionConfig, ...RegionConfig[]];
  /** Of regions that have none of their own. */
  readonly stunUrls: readonly IceUrl[];
  readonly regionFrom?: RegionFromConfig;
  /** How the URLs, of STUN too, are probed; absent: they are not. */
  readonly probe?: ProbeConfig;
  /** After how many seconds without a message a watch repeats its list; absent: never. */
  readonly watchRepeatSeconds?: number;
}

export interface ProbeConfig {
  /** Of each URL. */
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** So many failures in a row take a URL out of answers. */
  readonly failures: number;
  /** So many successes in a row bring it back. */
  readonly successes: number;
  /** How many URLs are probed at a time. */
  readonly concurrency: number;
}

export interface RegionConfig extends IceRegion {
  /** Present when the TURN servers accept credentials that are signed with a secret. */
  readonly sharedSecret?: SharedSecretConfig;
  /** The keys of the region's TURN provider, as the file would have them; secrets are hidden. */
  readonly providerKeys?: ProviderKeys;
}

/** What commands that change the secret need to know. */
export interface SharedSecretConfig {
  /** The first one signs. */
  readonly secrets: readonly [AcceptedSecret, ...AcceptedSecret[]];
  /** The first holds the secret that signs. Empty when a variable does, or development. */
  readonly files: readonly string[];
}

export interface ProviderKeys {
  /** Those under `ice.turn`, the same for all regions. */
  readonly shared: Readonly<Record<string, unknown>>;
  /** Those that a region can have for itself. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** How the region is found of a caller who names none. */
export interface RegionFromConfig {
  /** A header that a trusted proxy sets, in lower case. */
  readonly header?: string;
  /** A file in MaxMind's format, with the countries of addresses. */
  readonly database?: string;
  /** Regions by what the header says, and by country; in capitals. */
  readonly map: ReadonlyMap<string, string>;
  /** Regions by continent, for countries that are not in the map. */
  readonly continents: ReadonlyMap<string, string>;
}

export interface LimitsConfig {
  /** For each caller. */
  readonly caller?: RateLimitConfig;
  /** For each client address: tokens that were refused. */
  readonly failedAuthentication?: RateLimitConfig;
  /** Watches open at a time in this process, over all protocols. */
  readonly watches: number;
  /** Of these, for one caller. */
  readonly watchesPerCaller: number;
  /** Watches of gRPC health open at a time in this process; they need no token. */
  readonly healthWatches: number;
  /** Where limits count for several processes; absent: each process counts for itself. */
  readonly redis?: RedisConfig;
}

export interface RateLimitConfig {
  readonly requests: number;
  readonly windowSeconds: number;
}

export interface RedisConfig {
  /** `redis:` or `rediss:`, maybe with a password. */
  readonly url: KeyObject;
  /** The same without user and password. */
  readonly address: string;
  /** Whether the URL came from a file, and is not to be printed. */
  readonly isSecret: boolean;
  readonly keyPrefix: string;
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
