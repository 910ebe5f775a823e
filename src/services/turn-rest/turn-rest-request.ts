import type { TokenParameters } from "../../call/presented-token.js";
import { InvalidFieldError } from "../../errors.js";
import type { RouteDescription } from "../../http/route-description.js";
import { createTextCheck } from "../../protocols/rest/request-message.js";

/** The draft has `key`. Janus sends the same token as `api` as well. */
export const turnRestTokenParameters: TokenParameters = {
  names: ["key", "api", "token"],
  mayRepeat: true,
};

/** The route, as far as its code does not say so. */
export const turnRestDescription: RouteDescription = {
  path: "/turn",
  operationId: "GetTurnRest",
  description:
    "TURN credentials in the form of draft-uberti-behave-turn-rest-00, for software such as Janus.",
  tokenParameters: turnRestTokenParameters.names,
  parameters: [
    {
      name: "service",
      description: "The requested service.",
      isRequired: true,
      schema: { enum: ["turn"] },
    },
    {
      name: "username",
      description:
        "The user that a backend asks for, at most 256 bytes. Ignored if the token may not name users.",
      schema: { type: "string" },
    },
  ],
  takesForm: true,
  responses: {
    200: {
      description: "Credentials, and the TURN servers that accept them.",
      schema: {
        type: "object",
        properties: {
          username: { type: "string" },
          password: { type: "string" },
          ttl: {
            type: "integer",
            minimum: 0,
            description: "The life of the credentials in seconds.",
          },
          uris: { type: "array", items: { type: "string" }, description: "TURN URIs (RFC 7065)." },
        },
        required: ["username", "password", "ttl", "uris"],
      },
    },
    404: { description: "No TURN server is configured." },
  },
};

/**
 * Refuses requests for another service (draft-uberti-behave-turn-rest-00 section 2.1).
 * @param sources what holds the parameters, as application/x-www-form-urlencoded
 * @throws InvalidFieldError for another service than TURN, or none
 */
export function requireTurnService(sources: readonly string[]): void {
  if (readParameter("service", sources) !== "turn") {
    throw new InvalidFieldError("service", "must be turn");
  }
}

/**
 * Reads whom a request for TURN credentials is for (same section).
 * @param sources as of {@link requireTurnService}
 * @returns empty where there is none
 * @throws InvalidFieldError for two different values, and for one that is not UTF-8
 */
export function readUsername(sources: readonly string[]): string {
  return readParameter("username", sources);
}

function readParameter(name: string, sources: readonly string[]): string {
  const values = sources.flatMap((source) => {
    const found = new URLSearchParams(source).getAll(name);
    const checkText = createTextCheck(source);
    for (const value of found) {
      checkText(name, value);
    }
    return found;
  });
  const [value = "", ...others] = new Set(values);
  if (others.length > 0) {
    throw new InvalidFieldError(name, "is given more than once, with different values");
  }
  return value;
}
