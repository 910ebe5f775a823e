import { isUtf8 } from "node:buffer";
import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { InvalidFieldError } from "../../errors.js";
import { decodeFormBytes } from "../query-bytes.js";
import type { PathVariables } from "./path-template.js";

/**
 * Builds a request message from a path and a query by the rules of google.api.http: dotted paths
 * reach into messages, a repeated field takes its parameter several times, well-known types are
 * written as in proto3 JSON, both proto and JSON names are known, unknown parameters are ignored.
 *
 * @param rawQuery as sent, without `?`; form-decoded
 * @throws InvalidFieldError naming the parameter that does not parse
 */
export function readRequestMessage<Desc extends DescMessage>(
  schema: Desc,
  variables: PathVariables,
  rawQuery: string,
): MessageShape<Desc> {
  if (variables.size === 0 && rawQuery === "") {
    return create(schema);
  }
  const root: JsonObject = {};
  const bound = new Set<DescField>();
  const chosen = new Map<string, string>();
  for (const [path, value] of variables) {
    const target = findField(schema, path);
    if (target !== undefined) {
      bound.add(target.field);
      const parameter = { ...target, path, values: [value] };
      checkOneof(chosen, parameter);
      assign(root, parameter);
    }
  }
  if (rawQuery !== "") {
    for (const parameter of groupParameters(schema, rawQuery)) {
      if (!bound.has(parameter.field)) {
        checkOneof(chosen, parameter);
        assign(root, parameter);
      }
    }
  }
  return fromJson(schema, root);
}

interface Target {
  readonly field: DescField;
  /** JSON names of the messages around the field, outermost first. */
  readonly parents: readonly string[];
}

interface Parameter extends Target {
  /** As it was first written. */
  readonly path: string;
  readonly values: string[];
}

/** @param path proto names or JSON names, with dots between them */
export function findField(schema: DescMessage, path: string): Target | undefined {
  const names = path.split(".");
  const last = names.pop();
  const parents: string[] = [];
  let message = schema;
  for (const name of names) {
    const field = findMember(message, name);
    if (field?.fieldKind !== "message") {
      return undefined;
    }
    parents.push(field.jsonName);
    message = field.message;
  }
  const field = findMember(message, last);
  return field === undefined ? undefined : { field, parents };
}

function findMember(message: DescMessage, name: string | undefined): DescField | undefined {
  return message.fields.find((field) => field.name === name || field.jsonName === name);
}

/** The parameters of known fields; proto name and JSON name of a field are one parameter. */
function groupParameters(schema: DescMessage, rawQuery: string): Iterable<Parameter> {
  const parameters = new Map<string, Parameter>();
  const checkText = createTextCheck(rawQuery);
  for (const [path, value] of new URLSearchParams(rawQuery)) {
    const target = findField(schema, path);
    if (target !== undefined) {
      checkText(path, value);
      const key = [...target.parents, target.field.jsonName].join(".");
      const parameter = parameters.get(key) ?? { ...target, path, values: [] };
      parameter.values.push(value);
      parameters.set(key, parameter);
    }
  }
  return parameters.values();
}

/**
 * Makes what checks the parameters of a query or form. Bytes that are not UTF-8 arrive in them as U+FFFD,
 * so that different values would become equal: two users, for example.
 *
 * @param encoded the query or form, as sent. It is decoded once at most, however many parameters it has.
 * @returns a function that throws InvalidFieldError naming the parameter
 */
export function createTextCheck(encoded: string): (name: string, value: string) => void {
  let isText: boolean | undefined;
  return (name, value) => {
    if (value.includes("\uFFFD")) {
      isText ??= isUtf8(decodeFormBytes(encoded));
      if (!isText) {
        throw new InvalidFieldError(name, "is not UTF-8");
      }
    }
  };
}

/** @param chosen the parameter that was given for each oneof so far */
function checkOneof(chosen: Map<string, string>, { field, parents, path }: Parameter): void {
  if (field.oneof === undefined) {
    return;
  }
  const oneof = [...parents, field.oneof.name].join(".");
  const other = chosen.get(oneof);
  if (other !== undefined) {
    throw new InvalidFieldError(path, `cannot be given beside ${other}`);
  }
  chosen.set(oneof, path);
}

function assign(root: JsonObject, { field, parents, path, values }: Parameter): void {
  if (field.fieldKind !== "list" && values.length > 1) {
    throw new InvalidFieldError(path, "is given more than once");
  }
  let json: JsonValue;
  try {
    json =
      field.fieldKind === "list"
        ? values.map((value) => toJsonValue(field, value))
        : toJsonValue(field, values[0] ?? "");
    fromJson(field.parent, { [field.jsonName]: json });
  } catch {
    throw new InvalidFieldError(path, `does not parse as ${describeType(field)}`);
  }
  let object = root;
  for (const name of parents) {
    const child = object[name];
    if (typeof child === "object" && child !== null && !Array.isArray(child)) {
      object = child;
    } else {
      const created: JsonObject = {};
      object[name] = created;
      object = created;
    }
  }
  object[field.jsonName] = json;
}

/** Text as the proto3 JSON value that the field takes. */
function toJsonValue(field: DescField, text: string): JsonValue {
  if (field.message?.typeName === "google.protobuf.BoolValue") {
    return toBoolean(text);
  }
  if (field.enum !== undefined) {
    return /^-?\d+$/.test(text) ? Number(text) : text;
  }
  switch (field.scalar) {
    case ScalarType.BOOL:
      return toBoolean(text);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      if (!/^-?\d+$/.test(text)) {
        throw new Error("not an integer");
      }
      return text;
    default:
      return text;
  }
}

function toBoolean(text: string): boolean {
  if (text !== "true" && text !== "false") {
    throw new Error("not a boolean");
  }
  return text === "true";
}

function describeType(field: DescField): string {
  if (field.fieldKind === "map") {
    return "a parameter: maps have none";
  }
  if (field.scalar !== undefined) {
    return ScalarType[field.scalar].toLowerCase();
  }
  return field.enum?.typeName ?? field.message?.typeName ?? field.fieldKind;
}
