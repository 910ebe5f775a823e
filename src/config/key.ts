import type { Key, KeyDeclaration, Kind } from "./kind.js";
import type { Place } from "./place.js";

type Declaration<Written> = Omit<KeyDeclaration<Written>, "default" | "devDefault" | "defaultText">;

/** A key that has a default. */
export function key<Value, Written, Unit extends string>(
  kind: Kind<Value, Written, Unit>,
  declaration: KeyDeclaration<NoInfer<Written>> & { readonly default: NoInfer<Written> },
): Key<Value, false, Unit> {
  return { kind, isOptional: false, declaration };
}

/** A key without which its section means nothing. */
export function requiredKey<Value, Written, Unit extends string>(
  kind: Kind<Value, Written, Unit>,
  declaration: Declaration<NoInfer<Written>> & { readonly example: NoInfer<Written> },
): Key<Value, false, Unit> {
  return { kind, isOptional: false, declaration };
}

/** A key that may be absent. */
export function optionalKey<Value, Written, Unit extends string>(
  kind: Kind<Value, Written, Unit>,
  declaration: Omit<KeyDeclaration<NoInfer<Written>>, "default" | "devDefault">,
): Key<Value, true, Unit> {
  return { kind, isOptional: true, declaration };
}

/**
 * Reads what is written at a key, or its default.
 * @returns undefined when it is absent, or wrong
 */
export function readKey(
  { kind, isOptional, declaration }: Key,
  given: unknown,
  place: Place,
): unknown {
  const value = given === undefined ? findDefault(declaration, place.isDev) : given;
  if (value !== undefined) {
    return kind.read(value, place);
  }
  return isOptional ? undefined : place.refuse("is missing");
}

function findDefault(
  { default: usual, devDefault = usual }: KeyDeclaration<unknown>,
  dev: boolean,
) {
  return dev ? devDefault : usual;
}
