import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type Message,
  type MessageShape,
  toJson,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { rememberLast } from "../../call/remember-last.js";
import { createJsonPrinter } from "../json-fields.js";
import type { GetBinding } from "./http-binding.js";

/**
 * Makes what prints a response message as the body of its binding, in JSON. One that is the same
 * object as the one before is printed once.
 */
export function createBodyPrinter(
  output: DescMessage,
  { bodyField }: Pick<GetBinding, "bodyField">,
): (message: Message) => string {
  const schema = bodyField?.message ?? output;
  const print = rememberLast(createMessagePrinter(schema));
  if (bodyField === undefined) {
    return print;
  }
  return rememberLast((message: Message) => print(reflect(output, message).get(bodyField).message));
}

/**
 * Prints field by field where that is the same: proto3 JSON leaves empty lists out, and has members in
 * the order of their numbers.
 */
function createMessagePrinter(schema: DescMessage): (message: Message) => string {
  const printFieldwise = createJsonPrinter(schema);
  const lists = schema.fields.filter(isList);
  const numbers = [...lists, ...schema.fields.filter((field) => !isList(field))].map(
    ({ number }) => number,
  );
  const isInOrder = numbers.every((number, index) => number >= (numbers[index - 1] ?? 0));
  const isFilled = (message: { readonly [localName: string]: unknown }) =>
    lists.every(({ localName }) => {
      const list = message[localName];
      return Array.isArray(list) && list.length > 0;
    });
  return (message) =>
    isInOrder && isFilled(message)
      ? printFieldwise(message)
      : JSON.stringify(toBodyJson(schema, message));
}

function isList({ fieldKind }: DescField): boolean {
  return fieldKind === "list";
}

/** The message as JSON; its own lists are always there, as clients iterate over them. */
function toBodyJson<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): JsonObject {
  const json: JsonObject = {};
  for (const field of schema.fields) {
    if (isList(field)) {
      json[field.jsonName] = [];
    }
  }
  return Object.assign(json, toJson(schema, message));
}
