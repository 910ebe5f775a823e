import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";

/** How a message came, and how its answer may go: null is as it is. */
export type NegotiatedCompression = ReturnType<typeof compressionNegotiate>;

/** Chooses compressions as Connect does; codings are compared as RFC 9110 section 8.4.1 says. */
export function negotiateCompression(
  available: Compression[],
  coding: string | null,
  accepted: string | null,
  acceptHeader: string,
): NegotiatedCompression {
  return compressionNegotiate(
    available,
    coding && canonicalizeCodings(coding),
    accepted && canonicalizeCodings(accepted),
    acceptHeader,
  );
}

/**
 * Writes one coding, or a list of them, as they are registered: in lower case, and `gzip` for
 * `x-gzip`.
 */
export function canonicalizeCodings(codings: string): string {
  // Nearly always it is one of these, or a list of them that needs no change.
  return codings === "gzip" || codings === "identity"
    ? codings
    : codings
        .trim()
        .toLowerCase()
        .replace(/(?<![\w-])x-gzip(?![\w-])/g, "gzip");
}
