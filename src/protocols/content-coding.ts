import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";

/** How a message came, and how its answer may go: null is as it is. */
export type NegotiatedCompression = ReturnType<typeof compressionNegotiate>;

/**
 * Chooses compressions as Connect does; codings are compared as RFC 9110 section 8.4.1 says, and
 * their weights count (section 12.5.3).
 */
export function negotiateCompression(
  available: Compression[],
  coding: string | null,
  accepted: string | null,
  acceptHeader: string,
): NegotiatedCompression {
  return compressionNegotiate(
    available,
    coding && canonicalizeCodings(coding),
    accepted && orderCodings(canonicalizeCodings(accepted)),
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

/**
 * Puts the codings that a client prefers first, without their weights, and without those of weight 0.
 * @returns `identity` where nothing else is left
 */
export function orderCodings(codings: string): string {
  // Hardly any client weighs them.
  if (!codings.includes(";")) {
    return codings;
  }
  const names = codings
    .split(",")
    .map(readWeight)
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ name }) => name);
  return names.length === 0 ? "identity" : names.join(", ");
}

function readWeight(coding: string): { readonly name: string; readonly weight: number } {
  const [, name = "", weight = "1"] = /^([^;]*)(?:;.*?\bq=([\d.]+))?/.exec(coding) ?? [];
  return { name: name.trim(), weight: Number(weight) };
}
