import type { KeyPath } from "./key-path.js";
import { type Key, type Kind, nameWritten } from "./kind.js";

/** A key, and where it is in the configuration. */
export interface DeclaredKey {
  /** With 0 for the entries of a list, and `*` for those of a map. */
  readonly path: KeyPath;
  readonly name: string;
  readonly key: Key;
}

/** All keys inside of a kind, each before those that are inside of it. */
export function listKeys(kind: Kind, path: KeyPath = []): readonly DeclaredKey[] {
  const { structure } = kind;
  switch (structure?.type) {
    case "section":
      return Object.entries(structure.keys).flatMap(([name, key]) => {
        const inner = [...path, nameWritten(name, key)];
        return [{ path: inner, name, key }, ...listKeys(key.kind, inner)];
      });
    case "list":
      return listKeys(structure.entry, [...path, 0]);
    case "map":
      return listKeys(structure.entry, [...path, "*"]);
    case "variants":
      return structure.members.flatMap((member) => listKeys(member, path));
    default:
      return [];
  }
}
