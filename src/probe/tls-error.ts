import { isIP } from "node:net";
import { errorCodeOf } from "./network-error.js";
import { type ProbeCause, type ProbeError, probeError } from "./probe-failure.js";

/** By the codes of OpenSSL's certificate verification, and Node's own. */
const causes: Readonly<Record<string, ProbeCause>> = {
  CERT_HAS_EXPIRED: "tls-expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls-wrong-name",
  HOSTNAME_MISMATCH: "tls-wrong-name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls-untrusted",
  SELF_SIGNED_CERT_IN_CHAIN: "tls-untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "tls-untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls-untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls-untrusted",
  CERT_UNTRUSTED: "tls-untrusted",
  CERT_REJECTED: "tls-untrusted",
  CERT_REVOKED: "tls-untrusted",
  CERT_SIGNATURE_FAILURE: "tls-untrusted",
  INVALID_CA: "tls-untrusted",
  INVALID_PURPOSE: "tls-untrusted",
  // What is no TLS record at all, in the words of several versions of OpenSSL.
  ERR_SSL_WRONG_VERSION_NUMBER: "not-tls",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "not-tls",
  ERR_SSL_HTTP_REQUEST: "not-tls",
  ERR_SSL_UNEXPECTED_MESSAGE: "not-tls",
  ERR_SSL_RECORD_LAYER_FAILURE: "not-tls",
  ECONNRESET: "not-tls",
  EPIPE: "not-tls",
};

/**
 * What an error during the TLS handshake means, on a TCP connection that stood.
 * @param host of the URL: a proxy that routes by server name cannot route an IP address
 */
export function toTlsError(error: unknown, host: string): ProbeError {
  const code = errorCodeOf(error);
  const cause = causes[code] ?? "tls-failed";
  const note =
    cause === "not-tls" && isIP(host) !== 0
      ? "; no server name was sent, since the host is an IP address"
      : "";
  return probeError(cause, `the TLS handshake ended with ${code}${note}`);
}
