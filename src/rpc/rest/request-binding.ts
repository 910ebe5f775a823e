import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { type ContextValues, createContextKey } from "@connectrpc/connect";
import type { GetBinding } from "./http-binding.js";
import { rawQueryKey } from "./raw-query.js";
import { readRequestMessage } from "./request-message.js";

/** Why the request message could not be read. */
const bindingErrorKey = createContextKey<unknown>(undefined, { description: "what did not parse" });

/**
 * Reads the request message from path and query. One that does not parse is reported in the
 * implementation's place ({@link reportBindingError}), so that authentication comes first: a stranger
 * learns nothing about parameters.
 */
export function bindRequest<Desc extends DescMessage>(
  schema: Desc,
  { template }: GetBinding,
  path: string,
  query: string,
  contextValues: ContextValues,
): MessageShape<Desc> {
  contextValues.set(rawQueryKey, query);
  try {
    return readRequestMessage(schema, template.match(path) ?? new Map(), query);
  } catch (error) {
    contextValues.set(bindingErrorKey, error);
    return create(schema);
  }
}

/**
 * To be called in front of the implementation.
 * @throws what {@link bindRequest} has come upon
 */
export function reportBindingError(values: ContextValues): void {
  const error = values.get(bindingErrorKey);
  if (error !== undefined) {
    throw error;
  }
}
