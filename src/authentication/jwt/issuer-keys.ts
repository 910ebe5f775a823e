import { createLocalJWKSet } from "jose";
import type { Files } from "../../files/files.js";
import type { JwksPool } from "./jwks-pool.js";
import type { JwtIssuerConfig } from "./jwt-config.js";
import { readKeySetFile, readPublicKeyFile } from "./key-file.js";
import { createFixedSource, type KeySource } from "./key-source.js";

export interface KeySourceOptions {
  readonly files: Files;
  readonly jwks: JwksPool;
}

/**
 * Opens what an issuer's `keys` name. Files are read at once, a URL not before {@link KeySource.load}.
 *
 * @param entryKey the issuer's place in the configuration, such as `auth.jwt[0]`
 * @throws ConfigError when the file cannot be used
 */
export function openKeySource(
  { issuer, keys }: JwtIssuerConfig,
  entryKey: string,
  { files, jwks }: KeySourceOptions,
): KeySource {
  switch (keys.kind) {
    case "fetched":
      return jwks.open({ issuer, location: keys.location, algorithms: keys.algorithms });
    case "jwksFile": {
      const keySet = readKeySetFile(keys.file, files, keys.algorithms, entryKey);
      return createFixedSource(createLocalJWKSet({ keys: [...keySet] }));
    }
    case "publicKeyFile": {
      const publicKey = readPublicKeyFile(keys.file, files, keys.algorithms, entryKey);
      return createFixedSource(async () => publicKey);
    }
    case "secret":
      return createFixedSource(async () => keys.secret);
  }
}
