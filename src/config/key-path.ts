/** Where a value is in a file: keys, and indexes of lists. */
export type KeyPath = readonly PropertyKey[];

/** As its author would write it, such as `auth.jwt[0].issuer`. */
export function printKeyPath(path: KeyPath): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

/**
 * Finds what is at a path of plain data.
 * @returns undefined where the path leads to nothing
 */
export function findValue(root: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (parent, part) =>
      typeof parent === "object" && parent !== null && Object.hasOwn(parent, part)
        ? Reflect.get(parent, part)
        : undefined,
    root,
  );
}
