import { isDeepStrictEqual } from "node:util";

/**
 * Makes a function that compares two objects with all that they hold. A pair that was compared just
 * before is not compared again: after a change, thousands of watches ask about the same two lists.
 * For objects that nobody changes.
 */
export function createComparison<T extends object>(): (one: T, other: T) => boolean {
  let last: { readonly one: T; readonly other: T; readonly areEqual: boolean } | undefined;
  return (one, other) => {
    if (one === other) {
      return true;
    }
    if (last?.one !== one || last.other !== other) {
      last = { one, other, areEqual: isDeepStrictEqual(one, other) };
    }
    return last.areEqual;
  };
}
