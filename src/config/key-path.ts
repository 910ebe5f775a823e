/** Where a value is in a file: keys, and indexes of lists. */
export type KeyPath = readonly PropertyKey[];

/** As its author would write it, such as `auth.jwt[0].issuer`. */
export function printKeyPath(path: KeyPath): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}
