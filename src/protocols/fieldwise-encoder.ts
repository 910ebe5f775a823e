import {
  create,
  type DescField,
  type DescMessage,
  isMessage,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { Edition, FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { rememberLast } from "../call/remember-last.js";

/** A format of messages in which encoded fields follow one another, as text. */
export interface FieldFormat {
  /** Encodes all fields of a message with the library. */
  encodeFields(schema: DescMessage, message: Message): string;
  /** Makes the encoder of a singular field of type string. It gets no empty text. */
  textEncoder(field: DescField): (text: string) => string;
  /**
   * Makes the encoder of a singular field that holds a message, or of the items of a list of messages.
   * It gets the encoded fields of the message.
   */
  messageEncoder(field: DescField): (fields: string) => string;
  /** Makes the encoder of a list of messages. It gets the encoded items, at least one. */
  listEncoder(field: DescField): (items: string) => string;
  /** Separates encoded fields, and the items of a list. */
  readonly separator: string;
}

/** Encodes the fields of a message, without what the format puts around them. */
export type EncodeFields = (message: Message) => string;

type FieldValues = { readonly [localName: string]: unknown };
type EncodeField = (values: FieldValues) => string;
type EncodeValue = (value: unknown) => string;

/** How many items of a list are remembered. More would keep a long list alive. */
const rememberedItems = 16;

/**
 * Makes an encoder that remembers the last encoding of each field, and of each item of a list of
 * messages. One that holds the same value or object as in the message before is not encoded again. The
 * result is what the library encodes, to the byte (see docs/decisions/fieldwise-encoding.md).
 *
 * Only for messages whose lists and submessages nobody changes.
 */
export function createFieldwiseEncoder(schema: DescMessage, format: FieldFormat): EncodeFields {
  if (!hasPlainFields(schema)) {
    return (message) => format.encodeFields(schema, message);
  }
  const encoders = schema.fields
    .toSorted((one, other) => one.number - other.number)
    .map((field) => createFieldEncoder(field, format));
  return (message) => {
    // The library knows what to do with unknown fields, and with a message of another type.
    if (message.$unknown !== undefined || message.$typeName !== schema.typeName) {
      return format.encodeFields(schema, message);
    }
    let fields = "";
    for (const encodeField of encoders) {
      fields = join(fields, encodeField(message), format.separator);
    }
    return fields;
  };
}

function join(some: string, more: string, separator: string): string {
  return some === "" || more === "" ? some + more : some + separator + more;
}

/** Whether the fields of such messages are own properties, each encoded by itself. */
export function hasPlainFields({ file, typeName }: DescMessage): boolean {
  // Well-known types have JSON of their own. Before proto3, fields may have defaults.
  return file.edition === Edition.EDITION_PROTO3 && !typeName.startsWith("google.protobuf.");
}

function createFieldEncoder(field: DescField, format: FieldFormat): EncodeField {
  const { localName, oneof } = field;
  const encode = createValueEncoder(field, format);
  if (oneof === undefined) {
    return (values) => encode(values[localName]);
  }
  return (values) => {
    const choice = values[oneof.localName];
    return encode(isChoice(choice, localName) ? choice.value : undefined);
  };
}

function createValueEncoder(field: DescField, format: FieldFormat): EncodeValue {
  if (holdsPlainMessages(field)) {
    const encodeMessage = createMessageEncoder(field, format);
    return field.fieldKind === "list"
      ? createListEncoder(field, encodeMessage, format)
      : rememberLast(encodeMessage);
  }
  const encodeOther = rememberLast(createLibraryEncoder(field, format));
  if (!isPlainText(field)) {
    return encodeOther;
  }
  // Most texts differ from message to message: to remember them would only cost time.
  const encodeText = format.textEncoder(field);
  return (value) => {
    if (typeof value !== "string") {
      return encodeOther(value);
    }
    return value === "" ? "" : encodeText(value);
  };
}

type MessageField = Extract<DescField, { readonly fieldKind: "message" | "list" }> & {
  readonly message: DescMessage;
};

function holdsPlainMessages(field: DescField): field is MessageField {
  return (
    (field.fieldKind === "message" || field.fieldKind === "list") &&
    field.message !== undefined &&
    hasPlainFields(field.message)
  );
}

/** A field of type string that is absent when it is empty. */
function isPlainText({ fieldKind, scalar, presence }: DescField): boolean {
  return (
    fieldKind === "scalar" &&
    scalar === ScalarType.STRING &&
    presence === FeatureSet_FieldPresence.IMPLICIT
  );
}

function createListEncoder(
  field: MessageField,
  encodeItem: EncodeValue,
  format: FieldFormat,
): EncodeValue {
  const rememberingEncoders = Array.from({ length: rememberedItems }, () =>
    rememberLast(encodeItem),
  );
  const encodeItems = format.listEncoder(field);
  return (list) => {
    let items = "";
    if (Array.isArray(list)) {
      for (const [index, item] of list.entries()) {
        const encode = rememberingEncoders[index] ?? encodeItem;
        items = join(items, encode(item), format.separator);
      }
    }
    return items === "" ? "" : encodeItems(items);
  };
}

/** Encodes a message in a field, or in an item of its list. An absent one is no text at all. */
function createMessageEncoder(field: MessageField, format: FieldFormat): EncodeValue {
  const encodeMessage = format.messageEncoder(field);
  // Made when it is first needed: a message may hold others of its own type.
  let encodeFields: EncodeFields | undefined;
  return (value) => {
    if (value === undefined) {
      return "";
    }
    if (!isMessage(value)) {
      throw new Error(`${field} holds no message`);
    }
    encodeFields ??= createFieldwiseEncoder(field.message, format);
    return encodeMessage(encodeFields(value));
  };
}

/** Encodes a field by the library, as the only one of a message. An absent one is no text at all. */
function createLibraryEncoder(
  { parent, localName, oneof }: DescField,
  format: FieldFormat,
): EncodeValue {
  return (value) => {
    if (value === undefined) {
      return "";
    }
    const values =
      oneof === undefined
        ? { [localName]: value }
        : { [oneof.localName]: { case: localName, value } };
    return format.encodeFields(parent, create(parent, values));
  };
}

function isChoice(
  choice: unknown,
  localName: string,
): choice is { readonly case: string; readonly value: unknown } {
  return choice instanceof Object && "case" in choice && choice.case === localName;
}
