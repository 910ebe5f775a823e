import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { readQueryBytes } from "../query-bytes.js";

/** The parameters of a Connect GET. */
export interface ConnectQuery {
  readonly binary: boolean;
  readonly encoding: string | null;
  /** @throws ConnectError InvalidArgument when the message is not encoded as the query says */
  readonly readMessage: () => Uint8Array;
}

/** @param query as sent, without `?` */
export function readQuery(query: string): ConnectQuery {
  const parameters = new URLSearchParams(query);
  return {
    binary: parameters.get("encoding") === "proto",
    encoding: parameters.get("compression"),
    readMessage: () => readMessage(query, parameters.get("base64") === "1"),
  };
}

function readMessage(query: string, isBase64: boolean): Uint8Array {
  const message = readQueryBytes(query, "message");
  if (!isBase64) {
    return message;
  }
  try {
    return base64Decode(Buffer.from(message).toString("latin1"));
  } catch {
    throw new ConnectError("the parameter message is not base64", Code.InvalidArgument);
  }
}
