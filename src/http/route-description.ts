/** A schema as OpenAPI 3.1 has it (JSON Schema 2020-12). */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** A parameter in the query, or in the path. */
export interface ParameterDescription {
  readonly name: string;
  readonly description: string;
  readonly isInPath?: boolean;
  /** One in the path always is. */
  readonly isRequired?: boolean;
  readonly schema: JsonSchema;
}

/** What a status means, beside the problem details that every route can answer with. */
export interface ResponseDescription {
  readonly description: string;
  /** Of the body, in JSON. Absent where the body is problem details. */
  readonly schema?: JsonSchema;
}

/**
 * A route that no RPC describes, for the OpenAPI document. It is declared next to the code of the route.
 */
export interface RouteDescription {
  readonly path: string;
  /** Names the operation in generated clients. */
  readonly operationId: string;
  /** A sentence or two. */
  readonly description: string;
  /** The query parameters that can carry the token; absent where the route needs none. */
  readonly tokenParameters?: readonly string[];
  readonly parameters?: readonly ParameterDescription[];
  /** With POST, the parameters can come in a form as well. */
  readonly takesForm?: boolean;
  readonly responses: Readonly<Record<number, ResponseDescription>>;
}
