import type { TokenParameters } from "../../call/presented-token.js";
import { InvalidFieldError } from "../../errors.js";

/** The draft has `key`. Janus sends the same token as `api` as well. */
export const turnRestTokenParameters: TokenParameters = {
  names: ["key", "api", "token"],
  mayRepeat: true,
};

/**
 * Reads whom a request for TURN credentials is for (draft-uberti-behave-turn-rest-00 section 2.1). Its
 * parameters are in the query, in a form, or in both: Janus sends them twice.
 *
 * @param query as sent, without `?`
 * @param form the body, as application/x-www-form-urlencoded
 * @returns the username; empty where there is none
 * @throws InvalidFieldError for another service than TURN, and for a parameter with two values
 */
export function readTurnRestUsername(query: string, form: string): string {
  const sources = [new URLSearchParams(query), new URLSearchParams(form)];
  if (readParameter("service", sources) !== "turn") {
    throw new InvalidFieldError("service", "must be turn");
  }
  return readParameter("username", sources);
}

function readParameter(name: string, sources: readonly URLSearchParams[]): string {
  const [value = "", ...others] = new Set(sources.flatMap((source) => source.getAll(name)));
  if (others.length > 0) {
    throw new InvalidFieldError(name, "is given more than once, with different values");
  }
  return value;
}
