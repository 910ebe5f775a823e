import type { JsonSchema } from "../src/http/route-description.js";

/** The body of every error: what `ProblemDetails` holds. */
export const problemSchema: JsonSchema = {
  type: "object",
  description: "Problem details (RFC 9457).",
  properties: {
    type: { const: "about:blank" },
    title: { type: "string", description: "The phrase of the status." },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "What is wrong, or what to do about it." },
    code: { type: "string", description: "The code of gRPC and Connect in lower snake case." },
    error: { type: "string", description: "A short message." },
    errors: {
      type: "array",
      description: "Which parameters are wrong. Absent where the error is about none.",
      items: {
        type: "object",
        properties: { field: { type: "string" }, detail: { type: "string" } },
        required: ["field", "detail"],
      },
    },
  },
  required: ["type", "title", "status", "detail", "code", "error"],
};

const challenge = {
  "WWW-Authenticate": {
    description: "A Bearer challenge (RFC 6750 section 3).",
    required: true,
    schema: { type: "string" },
  },
};
const waiting = {
  "Retry-After": {
    description: "In how many seconds to try again, where that is known.",
    schema: { type: "integer", minimum: 0 },
  },
};

/** By the names of the codes that cause them. */
export const problemResponses = {
  InvalidArgument: describeProblem("A parameter is malformed, out of range, or given twice."),
  Unauthenticated: describeProblem("There is no token, or it does not count.", challenge),
  PermissionDenied: describeProblem("The token may not name users.", challenge),
  ResourceExhausted: describeProblem("A limit is reached.", waiting),
  Problem: describeProblem("Any other error."),
};

function describeProblem(description: string, headers?: object) {
  const schema = { $ref: "#/components/schemas/Problem" };
  return {
    description,
    ...(headers && { headers }),
    content: {
      "application/problem+json": { schema },
      // To clients whose Accept header allows only that.
      "application/json": { schema },
    },
  };
}
