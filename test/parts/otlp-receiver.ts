import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { decodeExportRequest, type ExportedSpan } from "./otlp-message.js";

export interface OtlpExport {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What stands in for a collector: takes spans by OTLP over HTTP. */
export interface OtlpReceiver {
  /** As OTEL_EXPORTER_OTLP_ENDPOINT has it. */
  readonly url: string;
  readonly exports: readonly OtlpExport[];
  /** Every span so far, in the order in which they came. */
  spans(): ExportedSpan[];
  /** Answers with this status from now on; 0 leaves requests without an answer. */
  answer(status: number): void;
  stop(): Promise<void>;
}

/** @param port of loopback; a free one by default */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const exports: OtlpExport[] = [];
  const spans: ExportedSpan[] = [];
  let stopped: Promise<unknown> | undefined;
  let status = 200;
  const server = createServer(async (request, response) => {
    const received = await buffer(request);
    const isGzip = request.headers["content-encoding"] === "gzip";
    const body = isGzip ? gunzipSync(received) : received;
    const contentType = request.headers["content-type"] ?? "";
    exports.push({ path: request.url, headers: request.headers, body });
    if (status === 200) {
      spans.push(...decodeExportRequest(body, contentType));
    }
    if (status !== 0) {
      response.writeHead(status, { "content-type": contentType });
      response.end(contentType === "application/json" ? "{}" : "");
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address instanceof Object ? address.port : port}`,
    exports,
    spans: () => [...spans],
    answer(next) {
      status = next;
    },
    async stop() {
      stopped ??= once(server.close(), "close");
      server.closeAllConnections();
      await stopped;
    },
  };
}
