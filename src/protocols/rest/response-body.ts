import {
  type DescMessage,
  type JsonObject,
  type Message,
  type MessageShape,
  toJson,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { rememberLast } from "../../call/remember-last.js";
import type { GetBinding } from "./http-binding.js";

/**
 * Makes what prints a response message as the body of its binding, in JSON. One that is the same
 * object as the one before is printed once.
 */
export function createBodyPrinter(
  output: DescMessage,
  { bodyField }: GetBinding,
): (message: Message) => string {
  const schema = bodyField?.message ?? output;
  const print = rememberLast((message: Message) => JSON.stringify(toBodyJson(schema, message)));
  if (bodyField === undefined) {
    return print;
  }
  return rememberLast((message: Message) => print(reflect(output, message).get(bodyField).message));
}

/** The message as JSON; its own lists are always there, as clients iterate over them. */
function toBodyJson<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): JsonObject {
  const json: JsonObject = {};
  for (const field of schema.fields) {
    if (field.fieldKind === "list") {
      json[field.jsonName] = [];
    }
  }
  return Object.assign(json, toJson(schema, message));
}
