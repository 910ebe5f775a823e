import type { Kind } from "./kind.js";
import { isRecord } from "./value-text.js";

export interface ListOptions {
  readonly notEmpty?: true;
  readonly max?: number;
}

/** A list. The text of a variable has its entries with commas between them. */
export function list<Value, Written>(
  entry: Kind<Value, Written>,
  { notEmpty, max = Number.POSITIVE_INFINITY }: ListOptions = {},
): Kind<readonly Value[], readonly Written[], ""> {
  return {
    unit: "",
    structure: { type: "list", entry },
    read(given, place) {
      if (!Array.isArray(given)) {
        return place.refuseKind(given, "array");
      }
      if (notEmpty && given.length === 0) {
        return place.refuse("is empty");
      }
      if (given.length > max) {
        return place.refuse(`is longer than ${max} entries`);
      }
      const entries: readonly unknown[] = given;
      const values = entries.flatMap((each, index) => {
        const value = entry.read(each, place.at(index));
        return value === undefined ? [] : [value];
      });
      return values.length === entries.length ? values : undefined;
    },
    describe: (values) => values.map((value) => entry.describe(value)),
    fromText: readList,
  };
}

/** A list that can also be written as its only entry. */
export function listOrOne<Value, Written>(
  entry: Kind<Value, Written>,
): Kind<readonly Value[], Written | readonly Written[], ""> {
  const several = list(entry, { notEmpty: true });
  return {
    ...several,
    read(given, place) {
      if (Array.isArray(given)) {
        return several.read(given, place);
      }
      const value = entry.read(given, place);
      return value === undefined ? undefined : [value];
    },
  };
}

/**
 * A mapping whose keys are the author's own, in the order of the file.
 * @param name reads each of these keys
 * @param exampleName one for config-sample.yaml
 */
export function map<Value, Written>(
  name: Kind<string, string>,
  entry: Kind<Value, Written>,
  exampleName = "name",
): Kind<ReadonlyMap<string, Value>, Readonly<Record<string, Written>>, ""> {
  return {
    unit: "",
    structure: { type: "map", entry, exampleName },
    read(given, place) {
      if (!isRecord(given)) {
        return place.refuseKind(given, "record");
      }
      const values = new Map<string, Value>();
      let isWhole = true;
      for (const [written, each] of Object.entries(given)) {
        const at = place.at(written);
        const key = name.read(written, at);
        const value = entry.read(each, at);
        if (key === undefined || value === undefined) {
          isWhole = false;
        } else {
          values.set(key, value);
        }
      }
      return isWhole ? values : undefined;
    },
    describe: (values) =>
      Object.fromEntries([...values].map(([key, value]) => [key, entry.describe(value)])),
  };
}

/**
 * Reads entries with commas between them, and white space next to the commas; empty ones are left
 * out. White space before the first entry and after the last one stays: the entries refuse it.
 */
export function readList(text = ""): string[] {
  return text.split(/[ \t\r\n]*,[ \t\r\n]*/).filter((entry) => entry !== "");
}
