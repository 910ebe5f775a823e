import { readKey } from "./key.js";
import {
  type Key,
  type Keys,
  type Kind,
  nameWritten,
  type SectionValue,
  type Structure,
} from "./kind.js";
import type { Place } from "./place.js";
import { isRecord } from "./value-text.js";

type WrittenSection = Readonly<Record<string, unknown>>;

/** A kind with keys. */
export interface Section<Value, Written = WrittenSection> extends Kind<Value, Written, ""> {
  readonly structure: Extract<Structure, { readonly type: "section" }>;
}

/** A mapping with known keys. An unknown key is a problem. */
export function section<K extends Keys>(keys: K): Section<SectionValue<K>> {
  return {
    unit: "",
    structure: { type: "section", keys },
    read(given, place) {
      if (!isRecord(given)) {
        return place.refuseKind(given, "object");
      }
      const values = readKeys(keys, given, place);
      refuseOthers(keys, given, place);
      return values !== undefined && isComplete(values, keys) ? values : undefined;
    },
    describe: (value) =>
      Object.fromEntries(
        Object.entries(keys).flatMap(([name, each]) => {
          const part: unknown = Reflect.get(value, nameProperty(name, each));
          const written = part === undefined ? undefined : each.kind.describe(part);
          const isHidden = each.declaration.isVariableOnly || saysNothing(each, written);
          return written === undefined || isHidden ? [] : [[name, written] as const];
        }),
      ),
  };
}

/** A section that can also be `false`. */
export function sectionOrFalse<Value>(
  inner: Section<Value>,
): Section<Value | false, WrittenSection | false> {
  return {
    ...inner,
    read: (given, place) =>
      given === false || isRecord(given)
        ? given && inner.read(given, place)
        : place.refuseKind(given, "object", "false"),
    describe: (value) => value !== false && inner.describe(value),
  };
}

/**
 * A section that can also be written as the value of one of its keys.
 * @param name of the key
 */
export function sectionOrValue<Value>(
  inner: Section<Value>,
  name: string,
): Section<Value, unknown> {
  return {
    ...inner,
    read: (given, place) =>
      typeof given === "object"
        ? inner.read(given, place)
        : inner.read({ [name]: given }, place.inPlaceOf(name)),
    describe(value) {
      const written = inner.describe(value);
      const { [name]: short, ...others } = written;
      return Object.keys(others).length === 0 ? short : written;
    },
  };
}

/** Whether no key of a section is set, so that it counts as absent. */
function saysNothing({ kind, isOptional }: Key, written: unknown): boolean {
  const isSection = isOptional && kind.structure?.type === "section";
  return isSection && isRecord(written) && Object.keys(written).length === 0;
}

/** The property of the program that holds the value of a key. */
function nameProperty(name: string, { kind }: Key): string {
  return `${name}${kind.unit}`;
}

/** @returns undefined when one of them is missing or wrong */
function readKeys(keys: Keys, given: WrittenSection, place: Place): object | undefined {
  const values: Record<string, unknown> = {};
  let isWhole = true;
  for (const [name, each] of Object.entries(keys)) {
    const written = nameWritten(name, each);
    const at = place.at(written);
    const isWritten = Object.hasOwn(given, written) && !isReplaced(name, keys, given, at);
    const value = readKey(each, isWritten ? Reflect.get(given, written) : undefined, at);
    if (value !== undefined) {
      values[nameProperty(name, each)] = value;
    } else if (isWritten || !each.isOptional) {
      isWhole = false;
    }
  }
  return isWhole ? values : undefined;
}

/**
 * Whether a variable that replaces this value is set. If the value comes from a variable too, that is a
 * problem.
 */
function isReplaced(name: string, keys: Keys, given: WrittenSection, place: Place): boolean {
  const rival = Object.entries(keys).find(
    ([other, key]) =>
      key.declaration.replaces === name && Object.hasOwn(given, nameWritten(other, key)),
  );
  if (rival !== undefined && place.isFromVariable) {
    place.refuse(`is set beside ${rival[1].declaration.variable}`, "Set one of the two");
  }
  return rival !== undefined;
}

function refuseOthers(keys: Keys, given: WrittenSection, place: Place): void {
  const known = Object.keys(keys).filter((name) => !keys[name]?.declaration.isVariableOnly);
  for (const name of Object.keys(given).filter((each) => !known.includes(each))) {
    const fix = place.context.adviseOnKey({ name, path: place.path, known });
    place.at(name).refuse("unknown key", fix);
  }
}

/** Whether each required key has a value. Its own kind has read each value. */
function isComplete<K extends Keys>(values: object, keys: K): values is SectionValue<K> {
  return Object.entries(keys).every(
    ([name, each]) => each.isOptional || Object.hasOwn(values, nameProperty(name, each)),
  );
}
