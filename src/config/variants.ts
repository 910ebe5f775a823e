import { listKeys } from "./declared-keys.js";
import type { Kind, ValueOf } from "./kind.js";
import { suggest } from "./near-name.js";
import { isRecord, printValue } from "./value-text.js";

/**
 * One of several sections. Each declares the key that distinguishes it from the others, as a choice of one
 * name, such as `provider: cloudflare`, and its own other keys.
 *
 * @param tag the name of that key
 */
export function variants<Members extends readonly Kind<object>[]>(
  tag: string,
  ...members: Members
): Kind<ValueOf<Members[number]>, unknown, "">;
export function variants(
  tag: string,
  ...members: readonly Kind<object>[]
): Kind<object, unknown, ""> {
  const memberOf = new Map(members.map((member) => [findName(tag, member), member]));
  return {
    unit: "",
    structure: { type: "variants", members },
    read(given, place) {
      if (!isRecord(given)) {
        return place.refuseKind(given, "object");
      }
      const at = place.at(tag);
      const name = Object.hasOwn(given, tag) ? given[tag] : undefined;
      if (typeof name !== "string") {
        return name === undefined ? at.refuse("is missing") : at.refuseKind(name, "string");
      }
      const member = memberOf.get(name);
      return member === undefined
        ? at.refuse(`${printValue(name)} is not a known value`, suggest(name, [...memberOf.keys()]))
        : member.read(given, place);
    },
    describe: (value) => memberOf.get(String(Reflect.get(value, tag)))?.describe(value),
  };
}

function findName(tag: string, member: Kind): string {
  const declared = listKeys(member).find(({ path }) => path.length === 1 && path[0] === tag);
  const name = declared?.key.kind.range;
  if (name === undefined) {
    throw new Error(`a variant does not declare ${tag} as a choice`);
  }
  return name;
}
