import { createSecureContext, type SecureContextOptions } from "node:tls";
import { maxPemBytes, type TlsConfig } from "../config/config.js";
import { ConfigError } from "../errors.js";
import { FileReadError, type Files } from "../files/files.js";

/**
 * Reads the certificate, its key and the client authorities.
 * @throws ConfigError when one cannot be read, or they do not fit together
 */
export function loadTlsOptions(
  tls: TlsConfig,
  files: Files,
): SecureContextOptions & {
  requestCert: boolean;
  rejectUnauthorized: boolean;
} {
  const context: SecureContextOptions = {
    cert: readPem("listen.tls.certFile", tls.certFile, files),
    key: readPem("listen.tls.keyFile", tls.keyFile, files),
    minVersion: "TLSv1.2",
    ...(tls.clientCaFile !== undefined && {
      ca: readPem("listen.tls.clientCaFile", tls.clientCaFile, files),
    }),
  };
  try {
    createSecureContext(context);
  } catch (error) {
    throw new ConfigError([
      {
        key: "listen.tls",
        problem: `the certificate and the key cannot be used (${error instanceof Error ? error.message : "unknown error"})`,
        fix: "Give a PEM certificate chain, leaf first, and the PEM private key that belongs to it, without a passphrase",
      },
    ]);
  }
  const mutual = tls.clientCaFile !== undefined;
  return { ...context, requestCert: mutual, rejectUnauthorized: mutual };
}

function readPem(key: string, file: string, files: Files): Buffer {
  try {
    return Buffer.from(files.read(file, maxPemBytes).bytes);
  } catch (error) {
    if (!(error instanceof FileReadError)) {
      throw error;
    }
    throw new ConfigError([
      {
        key,
        problem: `cannot read ${file} (${error.message})`,
        fix: "Give the path of a PEM file that this process may read",
      },
    ]);
  }
}
