import { createLocalJWKSet } from "jose";
import type { Clock } from "../../clock.js";
import type { Files } from "../../files/files.js";
import type { Log } from "../../log.js";
import type { JwksPool } from "./jwks-pool.js";
import type { JwtIssuerConfig } from "./jwt-config.js";
import { describeCertificateLife, readKeySetFile, readPublicKeyFile } from "./key-file.js";
import { createFixedSource, type KeySource } from "./key-source.js";

export interface KeySourceOptions {
  readonly files: Files;
  readonly jwks: JwksPool;
  readonly clock: Clock;
  readonly log: Log;
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
  { files, jwks, clock, log }: KeySourceOptions,
): KeySource {
  switch (keys.kind) {
    case "fetched":
      return jwks.open({ issuer, location: keys.location, algorithms: keys.algorithms });
    case "jwksFile": {
      const keySet = readKeySetFile(keys.file, files, keys.algorithms, entryKey);
      return createFixedSource(createLocalJWKSet({ keys: [...keySet] }));
    }
    case "publicKeyFile": {
      const { file } = keys;
      const { publicKey, certificate } = readPublicKeyFile(file, files, keys.algorithms, entryKey);
      const flaw = certificate && describeCertificateLife(certificate, clock());
      if (flaw !== undefined) {
        log.warn({}, `${entryKey}.publicKeyFile: the certificate ${file} ${flaw}; its key is used`);
      }
      return createFixedSource(async () => publicKey);
    }
    case "secret":
      return createFixedSource(async () => keys.secret);
  }
}
