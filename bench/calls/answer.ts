import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect, constants, type IncomingHttpHeaders } from "node:http2";
import type { Call } from "./call.js";

/** What came back for one request. */
export interface Answer {
  readonly status: number;
  /** As sent; in HTTP/2 without the pseudo-headers. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
}

/** Sends one real request, over a connection of its own that would stay open for more. */
export function fetchAnswer(url: string, call: Call, token: string): Promise<Answer> {
  return call.http === 1 ? fetchOverHttp1(url, call, token) : fetchOverHttp2(url, call, token);
}

async function fetchOverHttp1(url: string, call: Call, token: string): Promise<Answer> {
  const headers = { ...call.headers, connection: "keep-alive", authorization: `Bearer ${token}` };
  const request = httpRequest(`${url}${call.path}`, { method: call.method, headers });
  request.end(call.body);
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("response", async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) {
          chunks.push(Buffer.from(chunk));
        }
        request.destroy();
        resolve({
          status: response.statusCode ?? 0,
          headers: pairUp(response.rawHeaders),
          body: Buffer.concat(chunks),
          trailers: {},
        });
      } catch (error) {
        reject(error);
      }
    });
  });
}

async function fetchOverHttp2(url: string, call: Call, token: string): Promise<Answer> {
  const session = connect(url);
  try {
    const stream = session.request({
      ":method": call.method,
      ":path": call.path,
      ...call.headers,
      authorization: `Bearer ${token}`,
    });
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.once("response", (received) => {
      headers = received;
    });
    stream.once("trailers", (received) => {
      trailers = received;
    });
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.end(call.body);
    // A session that fails ends its streams with an error, which this throws.
    session.once("error", () => stream.close(constants.NGHTTP2_CANCEL));
    await once(stream, "close");
    const { ":status": status, ...fields } = headers;
    return {
      status: Number(status),
      headers: Object.entries(fields).map(([name, value]) => [name, String(value)]),
      body: Buffer.concat(chunks),
      trailers: Object.fromEntries(
        Object.entries(trailers).map(([name, value]) => [name, String(value)]),
      ),
    };
  } finally {
    session.destroy();
  }
}

function pairUp(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    pairs.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  }
  return pairs;
}

/** How many bytes an HTTP/1.1 answer with a Content-Length takes on the wire. */
export function countHttp1Bytes({ headers, body }: Answer): number {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.byteLength(`HTTP/1.1 200 OK\r\n${lines.join("")}\r\n`) + body.byteLength;
}
