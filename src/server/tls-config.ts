import { readableFile } from "../config/file-kinds.js";
import { optionalKey, requiredKey } from "../config/key.js";
import type { ValueOf } from "../config/kind.js";
import { section } from "../config/section.js";

/** The largest certificate, key or authority file, in bytes. */
export const maxPemBytes = 1024 * 1024;

const pemFile = readableFile(maxPemBytes);

export const tlsSection = section({
  certFile: requiredKey(pemFile, {
    example: "server.pem",
    variable: "ICE_TLS_CERT_FILE",
    help: "The certificate chain in PEM, leaf first.",
  }),
  keyFile: requiredKey(pemFile, {
    example: "server-key.pem",
    variable: "ICE_TLS_KEY_FILE",
    help: "Its private key in PEM, without a passphrase.",
  }),
  clientCaFile: optionalKey(pemFile, {
    example: "client-ca.pem",
    restart: "to turn it on or off",
    help: "If set, clients must present a certificate that one of these authorities signed.",
  }),
});

export type TlsConfig = ValueOf<typeof tlsSection>;
