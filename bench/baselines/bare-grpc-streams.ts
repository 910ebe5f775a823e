/** The least that streams over gRPC cost on Node: streams of node:http2 that stay open. */
import { createServer, type ServerHttp2Stream } from "node:http2";
import { createStreamMessageEncoder } from "./message-bytes.js";
import { announceReady } from "./ready-line.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const encodeMessage = createStreamMessageEncoder(settings);
const headers = { ":status": 200, ...Object.fromEntries(settings.grpcHeaders) };
const withTrailers = { waitForTrailers: true };
const open = new Set<ServerHttp2Stream>();

function begin(this: ServerHttp2Stream): void {
  this.respond(headers, withTrailers);
  this.write(encodeMessage());
  open.add(this);
}

function onClose(this: ServerHttp2Stream): void {
  open.delete(this);
}

function ignoreError(): void {}

const server = createServer();
server.on("stream", (stream) => {
  stream.on("error", ignoreError).on("close", onClose).resume().on("end", begin);
});
// Everybody gets a new list, as from the service when its configuration changes.
process.on("SIGHUP", () => {
  const message = encodeMessage();
  for (const stream of open) {
    stream.write(message);
  }
});
server.listen(0, "127.0.0.1", () => announceReady(server.address()));
