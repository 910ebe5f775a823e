import type { EchoResponse } from "./echo-message.js";
import type { Fields, HttpAnswer } from "./http-client.js";

/** What an error says, whichever protocol carries it. */
export interface AnswerError {
  /** In lower snake case. */
  readonly code: string;
  readonly message: string;
  readonly details: readonly AnswerDetail[];
}

export interface AnswerDetail {
  /** Such as `google.rpc.RetryInfo`. */
  readonly type: string;
  readonly value: Buffer;
}

/** What a call got back, the same for every protocol. */
export interface Answer {
  readonly http: HttpAnswer;
  readonly messages: readonly EchoResponse[];
  readonly headers: Fields;
  /** Without the fields that belong to the protocol. */
  readonly trailers: Fields;
  /**
   * Headers and trailers in one. Where a call fails before its first message, both may come in one
   * block, so that a client cannot tell them apart.
   */
  readonly metadata: Fields;
  readonly error?: AnswerError;
}

export function createAnswer(answer: Omit<Answer, "metadata">): Answer {
  const metadata: Record<string, string> = { ...answer.headers };
  for (const [name, value] of Object.entries(answer.trailers)) {
    const other = metadata[name];
    metadata[name] = other === undefined || other === value ? value : `${other}, ${value}`;
  }
  return { ...answer, metadata };
}

/** The values of a field, whether they came as one field or as several. */
export function listValues(fields: Fields, name: string): string[] {
  return fields[name]?.split(/, ?/) ?? [];
}

/** Fails when the answer breaks a rule of its protocol, whatever a test goes on to ask. */
export function demand(condition: boolean, rule: string): asserts condition {
  if (!condition) {
    throw new Error(`the answer breaks a rule: ${rule}`);
  }
}
