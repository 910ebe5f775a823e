import { WrongAnswerError } from "../failure.js";
import type { Answer } from "./answer.js";
import { readBody } from "./answer-check.js";
import type { Call } from "./call.js";

/**
 * Checks that a baseline sends what the service sends: every header with its value, and the same
 * bytes but for the moment and the credential, which differ from one call to the next.
 *
 * @param ownHeaders lower-case names that the baseline's library sends besides
 * @throws WrongAnswerError that shows both
 */
export function compareAnswers(
  baseline: string,
  call: Call,
  ours: Answer,
  theirs: Answer,
  ownHeaders: ReadonlySet<string> = new Set(),
): void {
  const wanted = describeAnswer(call, ours, new Set());
  const found = describeAnswer(call, theirs, ownHeaders);
  if (wanted !== found) {
    throw new WrongAnswerError(
      `${baseline} answers ${call.title} unlike the service.\nThe service:\n${wanted}\n${baseline}:\n${found}`,
    );
  }
}

/** An answer as text in which only what may differ is masked. */
export function describeAnswer(call: Call, answer: Answer, leaveOut: ReadonlySet<string>): string {
  const headers = answer.headers
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name !== "date" && !leaveOut.has(name))
    .map(([name, value]) => `${name}: ${maskHeader(call, name, value)}`)
    .sort();
  const trailers = Object.entries(answer.trailers)
    .filter(([name]) => !leaveOut.has(name))
    .map(([name, value]) => `${name}: ${value} (trailer)`)
    .sort();
  const text =
    call.name === "grpc" ? JSON.stringify(readBody(call, answer)) : answer.body.toString("utf8");
  return [...headers, ...trailers, `${answer.body.byteLength} bytes`, maskFresh(text)].join("\n");
}

function maskHeader(call: Call, name: string, value: string): string {
  if (name === "ratelimit") {
    return value.replace(/\d+/g, "#");
  }
  if (name === "x-request-id") {
    return value.replace(/[\da-f]/g, "#");
  }
  return call.name === "grpc" ? nameGrpcType(value) : value;
}

function maskFresh(text: string): string {
  return text
    .replace(/"username":"\d+:/, (found) => found.replace(/\d/g, "#"))
    .replace(/"credential":"[^"]*"/, (found) => `"credential":"${"#".repeat(found.length - 15)}"`)
    .replace(/"expireTime":"[^"]*"/, (found) => found.replace(/\d/g, "#"));
}

/** Both names stand for the same type (gRPC over HTTP/2, "Content-Type"). */
function nameGrpcType(value: string): string {
  return value === "application/grpc+proto" ? "application/grpc" : value;
}
