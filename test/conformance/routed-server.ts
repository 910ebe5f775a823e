import type { Registry } from "@bufbuild/protobuf";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { Stage } from "../../src/call/pipeline.js";
import { StreamCalls } from "../../src/call/stream-calls.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import type { Files } from "../../src/files/files.js";
import { findSocketAddress } from "../../src/http/client-address.js";
import { Guard } from "../../src/http/guard.js";
import { httpLimits } from "../../src/http/http-limits.js";
import { RequestCounts } from "../../src/observability/request-counts.js";
import { RouterBuilder } from "../../src/protocols/router.js";
import { Readiness } from "../../src/readiness.js";
import { openPort, type PortListener } from "../../src/server/port-listener.js";
import { createRequestListener } from "../../src/server/request-listener.js";
import type { TlsConfig } from "../../src/server/tls-config.js";

export interface RoutedServerOptions {
  /** The largest request message. */
  readonly readMaxBytes: number;
  /** The messages that a google.protobuf.Any may carry in JSON. */
  readonly anyTypes?: Registry;
  /** What calls pass before their body is read; absent where they pass at once. */
  readonly authenticate?: Stage;
  /** Absent: HTTP/1.1 and HTTP/2 in the clear. */
  readonly tls?: TlsConfig | undefined;
  /** Where the TLS files are read from; the disk by default. */
  readonly files?: Files;
  addMethods(builder: RouterBuilder): void;
}

/**
 * Serves methods through the product's own router and listener, with its codecs and compressions but
 * without authentication. This is the only file of the tests that knows how routes are built.
 */
export function startRoutedServer({
  readMaxBytes,
  anyTypes,
  authenticate,
  tls,
  files = new DiskFiles(),
  addMethods,
}: RoutedServerOptions): Promise<PortListener> {
  const readiness = new Readiness();
  readiness.set("serving");
  const builder = new RouterBuilder({
    stages: { ...(authenticate && { authenticate }) },
    codec: {
      acceptCompression: [compressionGzip, compressionBrotli],
      readMaxBytes,
      ...(anyTypes && { jsonOptions: { registry: anyTypes } }),
    },
    streams: new StreamCalls(),
  });
  addMethods(builder);
  return openPort(
    { host: "127.0.0.1", port: 0, maxConnections: 10_000, ...(tls && { tls }) },
    {
      files,
      limits: httpLimits,
      guard: new Guard(console),
      listener: createRequestListener({
        router: builder.build(),
        readiness,
        allowedOrigins: ["*"],
        requestLog() {},
        maxHeaderBytes: httpLimits.maxHeaderBytes,
        findClientAddress: findSocketAddress,
        requestCounts: new RequestCounts(),
      }),
      malformedRequestListener: (_, socket) => socket.destroy(),
    },
  );
}
