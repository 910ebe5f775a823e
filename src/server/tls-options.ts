import { constants, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { readBoundedBytes } from "../config/bounded-file.js";
import { ConfigError } from "../errors.js";
import type { Files } from "../files/files.js";
import { maxPemBytes, type TlsConfig } from "./tls-config.js";

/**
 * Mozilla's "intermediate" suites without finite-field Diffie-Hellman: forward secrecy and
 * authenticated encryption alone, which every client of TLS 1.2 from about 2015 on has.
 */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** Every kind of certificate that OpenSSL takes out of a chain. */
const certificatePattern = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;

/** What a server ends TLS with. */
export interface TlsOptions extends SecureContextOptions {
  /** The chain in PEM, the server's own certificate first. */
  readonly cert: Buffer;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
}

/**
 * Reads the certificate, its key and the client authorities.
 * @throws ConfigError when one cannot be read, or they do not fit together
 */
export function loadTlsOptions(tls: TlsConfig, files: Files): TlsOptions {
  const context = {
    cert: readPem("listen.tls.certFile", tls.certFile, files),
    key: readPem("listen.tls.keyFile", tls.keyFile, files),
    minVersion: "TLSv1.2" as const,
    ciphers,
    // All are good; the client knows which its processor does fast.
    honorCipherOrder: false,
    // A client could have the server do its costly half of the handshake again and again.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(tls.clientCaFile !== undefined && { ca: readAuthorities(tls.clientCaFile, files) }),
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

/** When the first certificate of the chain expires, in Unix seconds. */
export function findFirstExpiry({ cert }: TlsOptions): number {
  const pems = cert.toString("latin1").match(certificatePattern) ?? [];
  return Math.min(...pems.map((pem) => Date.parse(new X509Certificate(pem).validTo) / 1000));
}

/** Node takes a file without certificates too, and would then refuse every client. */
function readAuthorities(file: string, files: Files): Buffer {
  const key = "listen.tls.clientCaFile";
  const pem = readPem(key, file, files);
  try {
    new X509Certificate(pem);
  } catch {
    throw new ConfigError([
      {
        key,
        problem: `${file} contains no certificate`,
        fix: "Give the PEM certificates of the authorities that sign your clients' certificates",
      },
    ]);
  }
  return pem;
}

function readPem(key: string, file: string, files: Files): Buffer {
  return Buffer.from(readBoundedBytes(file, files, maxPemBytes, key));
}
