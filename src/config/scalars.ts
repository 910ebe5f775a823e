import { findTextFlaw } from "./free-text.js";
import type { Kind } from "./kind.js";
import { suggest } from "./near-name.js";
import type { Place } from "./place.js";

export interface TextOptions {
  readonly maxLength?: number;
}

/**
 * Text that is not empty. Every free text is read here: what no text may contain is checked once, by
 * {@link findTextFlaw}.
 * @param maxLength in UTF-16 code units
 */
export function text({
  maxLength = Number.POSITIVE_INFINITY,
}: TextOptions = {}): Kind<string, string, ""> {
  return {
    unit: "",
    read(given, place) {
      if (typeof given !== "string") {
        return place.refuseKind(given, "string");
      }
      if (given === "") {
        return place.refuse("is empty");
      }
      if (given.length > maxLength) {
        return place.refuse(`is longer than ${maxLength} characters`);
      }
      const flaw = findTextFlaw(given);
      return flaw === undefined ? given : place.refuse(flaw.problem, flaw.fix);
    },
    describe: (value) => value,
  };
}

/** A kind with a few known values. */
export interface Choice<Name extends string> extends Kind<Name, Name, ""> {
  readonly choices: readonly Name[];
}

/** One of some words. */
export function choice<Name extends string>(...choices: readonly Name[]): Choice<Name> {
  return {
    unit: "",
    choices,
    range: choices.join(", "),
    read(given, place) {
      const found = choices.find((known) => known === given);
      if (found !== undefined) {
        return found;
      }
      if (typeof given !== "string") {
        return place.refuseKind(given, "string");
      }
      return place.refuseText(given, "is not a known value", suggest(given, choices));
    },
    describe: (value) => value,
  };
}

export const trueOrFalse: Kind<boolean, boolean, ""> = {
  unit: "",
  read: (given, place) => (typeof given === "boolean" ? given : place.refuseKind(given, "boolean")),
  describe: (value) => value,
  fromText: (given) => (/^(true|false)$/.test(given) ? given === "true" : given),
};

/** A number from 0 to 1. */
export const fraction: Kind<number, number, ""> = {
  unit: "",
  range: "0 to 1",
  read(given, place) {
    if (typeof given !== "number") {
      return place.refuseKind(given, "number");
    }
    const isInRange = given >= 0 && given <= 1;
    return isInRange
      ? given
      : place.refuse(`${given} is out of range (0 to 1)`, "Write 0.5, for example");
  },
  describe: (value) => value,
  fromText: readNumber,
};

/** A whole number in a range, both ends included. */
export function wholeNumber(min: number, max: number): Kind<number, number, ""> {
  return {
    unit: "",
    range: `${min} to ${max}`,
    read: (given, place) =>
      typeof given === "number"
        ? checkRange(given, min, max, place)
        : place.refuseKind(given, "number"),
    describe: (value) => value,
    fromText: readNumber,
  };
}

const maxPort = 65535;

/** The number of a port; also as text, as tools write it that make files of variables. */
export const port: Kind<number, number, ""> = {
  ...wholeNumber(0, maxPort),
  read(given, place) {
    const value = typeof given === "string" ? readNumber(given) : given;
    if (typeof value === "string") {
      const fix = `Write a whole number from 0 to ${maxPort}`;
      return place.refuseText(value, "is not a number", fix);
    }
    return typeof value === "number"
      ? checkRange(value, 0, maxPort, place)
      : place.refuseKind(value, "number", "string");
  },
};

function readNumber(given: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : given;
}

function checkRange(value: number, min: number, max: number, place: Place): number | undefined {
  const fix = `Write a whole number from ${min} to ${max}`;
  if (value < min || value > max) {
    return place.refuse(`${value} is out of range (${min} to ${max})`, fix);
  }
  return Number.isInteger(value) ? value : place.refuse(`${value} is not a whole number`, fix);
}
