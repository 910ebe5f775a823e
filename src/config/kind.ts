import type { Place } from "./place.js";

/**
 * How a value is written in the configuration, checked, and printed again. A kind is declared once,
 * as a constant; what differs from load to load comes with the {@link Place}.
 *
 * @typeParam Value what the program gets; never undefined
 * @typeParam Written how the file says it, as plain data; defaults and examples are given so
 * @typeParam Unit ends the name of the property that holds the value, such as `Seconds`
 */
export interface Kind<Value = unknown, Written = unknown, Unit extends string = string> {
  readonly unit: Unit;
  /**
   * Checks what is written at a place.
   * @returns undefined when it is wrong, and the problems of the place say how
   */
  read(given: unknown, place: Place): Value | undefined;
  /** The value as the file would say it. Shows no secret. */
  describe(value: Value): Written;
  /** Makes the text of a variable what the file would hold. Absent: the text itself. */
  fromText?(text: string): unknown;
  /** What can be written, as a phrase for the documents, such as `1 to 100`. */
  readonly range?: string;
  /** What is inside of a value that has keys or entries. */
  readonly structure?: Structure;
}

export type Structure =
  | { readonly type: "section"; readonly keys: Keys }
  | { readonly type: "list"; readonly entry: Kind }
  | { readonly type: "map"; readonly entry: Kind; readonly exampleName: string }
  | { readonly type: "variants"; readonly members: readonly Kind[] };

/** A key of a section, with all that is said about it anywhere. */
export interface Key<
  Value = unknown,
  IsOptional extends boolean = boolean,
  Unit extends string = string,
> {
  readonly kind: Kind<Value, unknown, Unit>;
  /** Whether it may be absent, and is then absent in the program too. */
  readonly isOptional: IsOptional;
  readonly declaration: KeyDeclaration<unknown>;
}

export type Keys = Readonly<Record<string, Key>>;

/** What a key declares beside its kind. */
export interface KeyDeclaration<Written> {
  /** What it is for, in one or two sentences. Shown in config-sample.yaml and in the docs. */
  readonly help: string;
  /** The value when nothing is written. */
  readonly default?: Written;
  /** The same with `--dev`, where it differs. */
  readonly devDefault?: Written;
  /** What happens without the key when no constant can say it, such as `60s, or ttl if that is less`. */
  readonly defaultText?: string;
  /** What config-sample.yaml shows. Absent: the default. */
  readonly example?: Written;
  /** Whether config-sample.yaml shows it in a comment only: it excludes another key, for example. */
  readonly isAlternative?: boolean;
  /** The environment variable that overrides the file. */
  readonly variable?: string;
  /** Set when an empty variable is a value. Otherwise it counts as not set. */
  readonly emptyVariable?: "is a value";
  /** Whether the variable is the only way to set it: it is a secret that no file should hold. */
  readonly isVariableOnly?: boolean;
  /** The key that the variable replaces in the file; only one of the two can be a variable. */
  readonly replaces?: string;
  /** Set when a reload does not apply a new value, or that the key appears or disappears. */
  readonly restart?: "for a new value" | "to turn it on or off";
}

/**
 * What the value of a key is written at. No file can write a symbol: what only a variable can set has
 * one.
 */
export function nameWritten(name: string, { declaration }: Key): string | symbol {
  return declaration.isVariableOnly ? Symbol.for(name) : name;
}

/** What the program gets of a kind. */
export type ValueOf<K extends Kind> = Exclude<ReturnType<K["read"]>, undefined>;

type PropertyName<Name, K> =
  K extends Key<unknown, boolean, infer Unit> ? `${Name & string}${Unit}` : never;
type Flat<T> = { readonly [Name in keyof T]: T[Name] };

/** What the program gets of a section: a property for each key, named with its unit. */
export type SectionValue<K extends Keys> = Flat<
  {
    [Name in keyof K as K[Name] extends Key<unknown, false>
      ? PropertyName<Name, K[Name]>
      : never]: ValueOf<K[Name]["kind"]>;
  } & {
    [Name in keyof K as K[Name] extends Key<unknown, true>
      ? PropertyName<Name, K[Name]>
      : never]?: ValueOf<K[Name]["kind"]>;
  }
>;

/**
 * A kind whose values are checked further, or completed.
 *
 * @param check called with what the kind has read; adds problems to the place, and may return more
 *   than it was given; undefined where nothing can be used
 */
export function checked<Value, Written, Unit extends string, Checked extends Value>(
  kind: Kind<Value, Written, Unit>,
  check: (value: Value, place: Place) => Checked | undefined,
): Kind<Checked, Written, Unit> {
  return {
    ...kind,
    read(given, place) {
      const value = kind.read(given, place);
      return value === undefined ? undefined : check(value, place);
    },
  };
}
