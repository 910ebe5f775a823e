import type { Registry } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";

/** What all handlers of the router have in common. */
export interface HandlerOptions {
  /** Outermost first. */
  readonly interceptors: Interceptor[];
  /** Further ones for streams, outside of the others. */
  readonly streamInterceptors?: Interceptor[];
  /** Aborted when the process has to end: ends the streams that are still open. */
  readonly shutdownSignal?: AbortSignal;
  /** For requests and responses alike. */
  readonly acceptCompression: Compression[];
  /** The largest request message, before and after decompression. */
  readonly readMaxBytes: number;
  /** The messages that a google.protobuf.Any may carry in JSON; none by default. */
  readonly jsonOptions?: { readonly registry?: Registry | undefined };
}

/** Smaller responses are not compressed: it would cost more than it saves. */
export const compressMinBytes = 1024;
