import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";
import type { JsonSchema } from "../src/http/route-description.js";

/** The schemas of messages, by their names, as `#/components/schemas` has them. */
export class MessageSchemas {
  readonly #schemas = new Map<string, JsonSchema>();

  /** @returns a reference to the schema of a message in JSON; its own schema is added if it is new */
  refer(message: DescMessage): JsonSchema {
    if (message.typeName === "google.protobuf.Timestamp") {
      return { type: "string", format: "date-time" };
    }
    if (!this.#schemas.has(message.name)) {
      this.#schemas.set(message.name, {});
      this.#schemas.set(message.name, this.#print(message));
    }
    return { $ref: `#/components/schemas/${message.name}` };
  }

  list(): Record<string, JsonSchema> {
    return Object.fromEntries(this.#schemas);
  }

  /** The type of a field's value in JSON. */
  printType(field: DescField): JsonSchema {
    switch (field.fieldKind) {
      case "message":
        return this.refer(field.message);
      case "scalar":
        return printScalar(field.scalar, field);
      case "list":
        return {
          type: "array",
          items:
            field.listKind === "message"
              ? this.refer(field.message)
              : printScalar(field.listKind === "scalar" ? field.scalar : undefined, field),
        };
      default:
        throw unsupported(field);
    }
  }

  #print(message: DescMessage): JsonSchema {
    const properties = message.fields.map((field) => {
      const type = this.printType(field);
      return [field.jsonName, { ...type, description: printComment(field) }];
    });
    // JSON has lists also when they are empty, and leaves out what is not set.
    const required = message.fields
      .filter(({ fieldKind }) => fieldKind === "list")
      .map(({ jsonName }) => jsonName);
    return {
      type: "object",
      description: printComment(message),
      properties: Object.fromEntries(properties),
      ...(required.length > 0 && { required }),
    };
  }
}

function printScalar(scalar: ScalarType | undefined, field: DescField): JsonSchema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.INT32:
      return { type: "integer", format: "int32", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
    default:
      throw unsupported(field);
  }
}

function unsupported(field: DescField): Error {
  return new Error(`${field}: add its type to generate/openapi-schemas.ts`);
}

/** The comment before something in the schema, with its paragraphs. */
export function printComment(desc: Parameters<typeof getComments>[0]): string {
  const { leading = "" } = getComments(desc);
  return leading
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, " ").trim())
    .join("\n\n");
}
