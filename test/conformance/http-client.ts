import { once } from "node:events";
import { type IncomingHttpHeaders, request as requestHttp1 } from "node:http";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import type { Readable } from "node:stream";

/** Header or trailer fields by lower-case name; several of one name are joined with a comma. */
export type Fields = Readonly<Record<string, string>>;
export type HttpVersion = "1.1" | "2";

export interface HttpRequest {
  readonly method?: string;
  /** With the query. */
  readonly path: string;
  /** A list is sent as one field for each value. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Several parts are sent one after the other. */
  readonly body?: Buffer | readonly Buffer[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Fields;
  readonly trailers: Fields;
  readonly body: Buffer;
}

/** A request under way. */
export interface HttpExchange {
  /** Rejects when the server does not answer to the end. */
  readonly answer: Promise<HttpAnswer>;
  /** Settles with the first bytes of the body. */
  readonly firstBytes: Promise<unknown>;
  /** Goes away: HTTP/1.1 closes the connection, HTTP/2 resets the stream. */
  cancel(): void;
}

/** Sends what it is told to, byte for byte, and knows no RPC. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpAnswer>;
  start(request: HttpRequest): HttpExchange;
  close(): void;
}

export function createHttpClient(url: string, httpVersion: HttpVersion): HttpClient {
  return httpVersion === "1.1" ? createHttp1Client(url) : createHttp2Client(url);
}

function createHttp1Client(url: string): HttpClient {
  function start({ method = "POST", path, headers = {}, body }: HttpRequest): HttpExchange {
    const request = requestHttp1(url + path, { method, headers: { ...headers }, agent: false });
    const response = once(request, "response").then(([message]) => message);
    const firstBytes = response.then((message) => once(message, "data"));
    const answer = response.then(async (message) => {
      const bytes = await readBody(message);
      return {
        status: message.statusCode ?? 0,
        headers: toFields(message.headers),
        trailers: toFields(message.trailers),
        body: bytes,
      };
    });
    writeBody(request, body);
    return watch({ answer, firstBytes, cancel: () => request.destroy() });
  }
  return { start, send: (request) => start(request).answer, close() {} };
}

function createHttp2Client(url: string): HttpClient {
  let session: ClientHttp2Session | undefined;
  function start({ method = "POST", path, headers = {}, body }: HttpRequest): HttpExchange {
    session ??= connect(url);
    const stream = session.request({ ...headers, ":method": method, ":path": path });
    let trailers: Fields = {};
    stream.on("trailers", (fields) => {
      trailers = toFields(fields);
    });
    const response = once(stream, "response");
    const firstBytes = once(stream, "data");
    const answer = response.then(async ([fields]) => {
      const bytes = await readBody(stream);
      const { ":status": status, ...others } = toFields(fields);
      return { status: Number(status), headers: others, trailers, body: bytes };
    });
    writeBody(stream, body);
    return watch({
      answer,
      firstBytes,
      cancel: () => stream.close(constants.NGHTTP2_CANCEL),
    });
  }
  return { start, send: (request) => start(request).answer, close: () => session?.close() };
}

/** A test that cancels does not wait for the answer, which then fails with nobody looking. */
function watch(exchange: HttpExchange): HttpExchange {
  exchange.answer.catch(() => {});
  exchange.firstBytes.catch(() => {});
  return exchange;
}

async function readBody(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(stream, "end");
  return Buffer.concat(chunks);
}

function writeBody(
  stream: { write(chunk: Buffer): unknown; end(chunk?: Buffer): unknown },
  body: HttpRequest["body"],
): void {
  if (body === undefined || Buffer.isBuffer(body)) {
    stream.end(body);
    return;
  }
  for (const part of body) {
    stream.write(part);
  }
  stream.end();
}

function toFields(headers: IncomingHttpHeaders): Fields {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    fields[name] = Array.isArray(value) ? value.join(", ") : String(value);
  }
  return fields;
}
