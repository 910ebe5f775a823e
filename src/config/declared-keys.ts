import type { Key, Kind } from "./kind.js";

/** A key, and where it is in the configuration. */
export interface DeclaredKey {
  /** With 0 for the entries of a list, and `*` for those of a map. */
  readonly path: readonly (string | number)[];
  readonly name: string;
  readonly key: Key;
}

/** All keys inside of a kind, each before those that are inside of it. */
export function listKeys(kind: Kind, path: DeclaredKey["path"] = []): readonly DeclaredKey[] {
  const { structure } = kind;
  switch (structure?.type) {
    case "section":
      return Object.entries(structure.keys).flatMap(([name, key]) => {
        const inner = [...path, name];
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
