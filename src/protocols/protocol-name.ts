import type { ProtocolName } from "../http/http-message.js";

/** The protocol of a request to a route, for the log; a guess where its format is unknown. */
export function nameProtocol(mediaType: string): ProtocolName {
  if (mediaType.startsWith("application/grpc-web")) {
    return "grpc-web";
  }
  return mediaType.startsWith("application/grpc") ? "grpc" : "connect";
}
