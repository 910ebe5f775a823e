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
  /** Leaves the request open after the body: the rest never comes. */
  readonly unfinished?: boolean;
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
  function start(spec: HttpRequest): HttpExchange {
    const { method = "POST", path, headers = {} } = spec;
    const request = requestHttp1(url, { method, path, headers: { ...headers }, agent: false });
    const exchange = watch(
      new Promise<Reading>((resolve, reject) => {
        request.on("error", reject).on("response", (message) => {
          resolve({
            ...readBody(message),
            head: () => ({ status: message.statusCode ?? 0, headers: toFields(message.headers) }),
            trailers: () => toFields(message.trailers),
          });
        });
      }),
      () => request.destroy(),
    );
    writeBody(request, spec);
    return exchange;
  }
  return { start, send: (request) => start(request).answer, close() {} };
}

function createHttp2Client(url: string): HttpClient {
  let session: ClientHttp2Session | undefined;
  function start(spec: HttpRequest): HttpExchange {
    const { method = "POST", path, headers = {}, body } = spec;
    session ??= connect(url);
    const stream = session.request(
      { ...headers, ":method": method, ":path": path },
      { endStream: body === undefined },
    );
    let trailers: Fields = {};
    stream.on("trailers", (fields) => {
      trailers = toFields(fields);
    });
    const exchange = watch(
      new Promise<Reading>((resolve, reject) => {
        stream.on("error", reject).on("response", (fields) => {
          const { ":status": status, ...others } = toFields(fields);
          resolve({
            ...readBody(stream),
            head: () => ({ status: Number(status), headers: others }),
            trailers: () => trailers,
          });
        });
      }),
      () => stream.close(constants.NGHTTP2_CANCEL),
    );
    if (body !== undefined) {
      writeBody(stream, spec);
    }
    return exchange;
  }
  return { start, send: (request) => start(request).answer, close: () => session?.close() };
}

interface Reading {
  readonly firstBytes: Promise<unknown>;
  readonly body: Promise<Buffer>;
  head(): Pick<HttpAnswer, "status" | "headers">;
  trailers(): Fields;
}

/** Listens at once, since a body may end in the same turn of the event loop as it begins. */
function readBody(stream: Readable): Pick<Reading, "firstBytes" | "body"> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const end = once(stream, "end").then(() => Buffer.concat(chunks));
  return { firstBytes: once(stream, "data"), body: end };
}

function watch(reading: Promise<Reading>, cancel: () => void): HttpExchange {
  const answer = reading.then(async ({ body, head, trailers }) => ({
    body: await body,
    ...head(),
    trailers: trailers(),
  }));
  const firstBytes = reading.then((begun) => begun.firstBytes);
  // A test that cancels does not wait for the answer, which then fails with nobody looking.
  answer.catch(() => {});
  firstBytes.catch(() => {});
  return { answer, firstBytes, cancel };
}

function writeBody(
  stream: { write(chunk: Buffer): unknown; end(chunk?: Buffer): unknown },
  { body, unfinished = false }: HttpRequest,
): void {
  if (!unfinished && (body === undefined || Buffer.isBuffer(body))) {
    stream.end(body);
    return;
  }
  for (const part of Buffer.isBuffer(body) ? [body] : (body ?? [])) {
    stream.write(part);
  }
  if (!unfinished) {
    stream.end();
  }
}

function toFields(headers: IncomingHttpHeaders): Fields {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    fields[name] = Array.isArray(value) ? value.join(", ") : String(value);
  }
  return fields;
}
