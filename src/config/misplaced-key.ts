import type { DeclaredKey } from "./declared-keys.js";
import type { KeyPath } from "./key-path.js";
import { findNearName } from "./near-name.js";
import type { UnknownKey } from "./place.js";

const maxShownPlaces = 3;

/**
 * What to do about a key that is not known: it is misspelled, or one level too high or too low, or
 * can be set by a variable only.
 *
 * @param declared all keys of the configuration
 */
export function adviseOnKey(key: UnknownKey, declared: readonly DeclaredKey[]): string {
  const meant = findMeant(key, declared);
  return meant.length > 0
    ? `Did you mean ${meant.join(", or ")}?`
    : `Use one of: ${key.known.join(", ")}`;
}

function findMeant(
  { name, path, known }: UnknownKey,
  declared: readonly DeclaredKey[],
): readonly string[] {
  const slip = findNearName(name, known, 1);
  if (slip !== undefined) {
    return [slip];
  }
  const places = findPlaces(name, path, declared);
  if (places.length > 0) {
    return places;
  }
  const near = findNearName(name, known);
  if (near !== undefined) {
    return [near];
  }
  const names = declared.map((each) => each.name);
  const elsewhere = findNearName(name, names, 1);
  return elsewhere === undefined ? [] : findPlaces(elsewhere, path, declared);
}

/** Where a key of this name belongs, the nearest place first. */
function findPlaces(name: string, path: KeyPath, declared: readonly DeclaredKey[]): string[] {
  const places = declared
    .filter((each) => normalize(each.name) === normalize(name))
    .map((each) => ({ key: each, sharedCount: countShared(each.path, path) }))
    // In the same section, it is a key of another variant.
    .filter(({ key, sharedCount }) => isOfVariable(key) || !isIn(key.path, path, sharedCount))
    .sort((a, b) => b.sharedCount - a.sharedCount)
    .map(({ key }) => printPlace(key));
  return [...new Set(places)].slice(0, maxShownPlaces);
}

function isOfVariable({ key: { declaration } }: DeclaredKey): boolean {
  return declaration.isVariableOnly === true;
}

function isIn(declaredPath: KeyPath, path: KeyPath, sharedCount: number): boolean {
  return sharedCount === path.length && declaredPath.length === path.length + 1;
}

/** Other tools write words with hyphens or underscores between them. */
function normalize(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

function printPlace(declared: DeclaredKey): string {
  const { path, key } = declared;
  if (isOfVariable(declared)) {
    return `the variable ${key.declaration.variable}`;
  }
  const text = path
    .map((part) => (part === 0 ? "[]" : `.${part === "*" ? "<name>" : String(part)}`))
    .join("")
    .slice(1);
  return path.length === 1 ? `${text}, at the top level` : text;
}

/** How many levels two paths have in common, as far as one of them goes. */
function countShared(declaredPath: KeyPath, path: KeyPath): number {
  const index = path.findIndex((part, level) => {
    const expected = declaredPath[level];
    return expected !== part && expected !== "*" && !(expected === 0 && typeof part === "number");
  });
  return index === -1 ? path.length : index;
}
