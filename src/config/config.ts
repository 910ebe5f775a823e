import type { KeyObject } from "node:crypto";
import type { IceUrl } from "../ice/ice-url.js";
import type { IceRegion, IceServerSettings } from "../turn/ice-server-settings.js";
import type { AcceptedSecret } from "../turn/providers/shared-secret/provider.js";

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
