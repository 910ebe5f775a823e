import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import type { RequestHead } from "../../call/codec.js";
import type { GetBinding } from "./http-binding.js";
import { readRequestMessage } from "./request-message.js";
import { createBodyPrinter } from "./response-body.js";

/** A method over GET: its request is in the path and the query, its response is JSON. */
export interface RestMethod {
  /** @throws InvalidFieldError naming the parameter that does not parse */
  readRequest(head: RequestHead): Message;
  /** A whole response, or one of a stream. */
  printResponse(message: Message): string;
}

export function createRestMethod({ input, output }: DescMethod, binding: GetBinding): RestMethod {
  const { template } = binding;
  // Most requests have no parameters. Frozen, so that an accidental change throws.
  const emptyRequest = Object.freeze(create(input));
  return {
    readRequest: ({ path, query }) =>
      template.isLiteral && query === ""
        ? emptyRequest
        : readRequestMessage(input, template.match(path) ?? new Map(), query),
    printResponse: createBodyPrinter(output, binding),
  };
}
