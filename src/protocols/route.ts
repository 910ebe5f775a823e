import type { RequestHead } from "../call/codec.js";
import type { Reply } from "../call/reply.js";
import type { ProtocolName } from "../http/http-message.js";

/** A method at one path. */
export interface Route {
  /** The path, or the path template, as the log names it. */
  readonly path: string;
  /** The RPC as the log and the metrics name it, such as `ice.v1.IceService/GetIceServers`. */
  readonly target: string;
  readonly allowedMethods: readonly string[];
  /**
   * What serves a request in this format, or undefined when its format is unknown. Whether its HTTP
   * method is allowed is for the caller to check.
   */
  choose(format: RequestFormat): CallFormat | undefined;
}

/** The parts of a request that say in which format it is. */
export interface RequestFormat {
  readonly method: string;
  /** In lower case, without parameters; empty where there is none. */
  readonly mediaType: string;
  readonly query: string;
}

/** A method in one format of one protocol. */
export interface CallFormat {
  readonly protocol: ProtocolName;
  /** Takes the call of a request from its headers to its answer. Never throws. */
  start(reply: Reply, head: RequestHead): void;
}
