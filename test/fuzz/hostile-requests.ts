import fc from "fast-check";
import { authorization, methodPath } from "./fuzzed-service.js";
import { textOf } from "./property.js";

const paths = [
  "/health",
  "/readyz",
  "/metrics",
  "/health/turn",
  "/api/v1/ice-servers",
  "/api/v1/ice-servers?token=fuzz-test-token",
  "/api/v1/ice-servers:watch?token=fuzz-test-token",
  "/turn",
  "/turn?service=turn&key=fuzz-test-token&username=x",
  "/openapi.json",
  "/",
  "*",
  "",
  "//",
  "/%2e%2e",
  "/nothing",
  "http://x/health",
  methodPath,
  "/ice.v1.IceService/WatchIceServers",
  "/grpc.health.v1.Health/Check",
  "/grpc.health.v1.Health/Watch",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];
const methods = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "CONNECT", "TRACE", "PRI", "get", ""];

/** What means something to HTTP, to a proxy, or to a protocol of ours. */
const dictionary: Readonly<Record<string, readonly string[]>> = {
  expect: ["100-continue", "100-Continue", "200-ok", "100-continue, 100-continue", ""],
  te: ["trailers", "gzip", "trailers, deflate", ""],
  connection: ["close", "keep-alive", "upgrade", "Upgrade, HTTP2-Settings", "te", "x", ""],
  "keep-alive": ["timeout=1", "max=0"],
  "proxy-connection": ["keep-alive"],
  "transfer-encoding": ["chunked", "gzip", "identity", "chunked, chunked", ""],
  "content-length": ["0", "5", "1", "65537", "99999999999999999999", "-1", "x", ""],
  upgrade: ["h2c", "websocket", "TLS/1.0", "HTTP/2.0, h2c"],
  "http2-settings": ["AAMAAABkAAQAAP__", "x"],
  host: ["x", "x:80", "[::1]", "a b", "x, y", ""],
  trailer: ["grpc-status", "content-length"],
  "content-encoding": ["gzip", "x-gzip", "br", "deflate", "identity", "gzip, gzip", "x"],
  "accept-encoding": ["gzip", "*;q=0", "identity;q=0, *;q=0"],
  "content-type": [
    ...["application/json", "application/proto", "text/plain", "", "application/json; charset=x"],
    ...["application/grpc", "application/grpc+proto", "application/grpc+json", "application/grpcx"],
    ...["application/grpc-web", "application/grpc-web-text", "application/connect+json"],
    ...["application/connect+proto", "Application/GRPC ; a=b"],
  ],
  accept: ["text/event-stream", "application/problem+json", "*/*;q=0", ""],
  "grpc-timeout": ["1n", "0S", "1S", "99999999H", "999999999S", "-1S", "x", ""],
  "grpc-encoding": ["gzip", "identity", "br", "x", ""],
  "grpc-accept-encoding": ["gzip", "x,,gzip", ""],
  "connect-timeout-ms": ["0", "1", "9999999999", "99999999999", "-1", "x"],
  "connect-protocol-version": ["1", "2", ""],
  "connect-content-encoding": ["gzip", "br", "x"],
  authorization: [authorization, "Bearer ", "Bearer x", "Basic eDp5", "bearer  a b", ""],
  origin: ["https://example.com", "null", "x", ""],
  "access-control-request-method": ["GET", "POST", "x"],
  "access-control-request-headers": ["authorization", "a,,b", "x y", ""],
  "x-forwarded-for": ["192.0.2.1", "::1, x", ","],
  forwarded: ["for=192.0.2.1", "for=", 'for="[::1]:1";;,', "for=_x"],
  traceparent: ["00-00000000000000000000000000000001-0000000000000001-01", "00-x", "ff-"],
  "x-request-id": ["a", "a b", ""],
  range: ["bytes=0-", "bytes=-1"],
  "if-none-match": ["*"],
  cookie: ["a=b", ""],
  "x-large": ["a".repeat(4_000), "a".repeat(21_000)],
};

/** Any field of the dictionary, once in a while with a value that is not in it. */
const field = fc
  .constantFrom(...Object.keys(dictionary))
  .chain((name) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...(dictionary[name] ?? [""])) },
        { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
      ),
    ),
  );
const fields = fc.array(field, { maxLength: 6 });

export type Field = readonly [name: string, value: string];

const pseudoHeader: fc.Arbitrary<Field> = fc.oneof(
  fc.tuple(fc.constant(":method"), fc.constantFrom(...methods)),
  fc.tuple(fc.constant(":path"), fc.constantFrom(...paths)),
  fc.tuple(fc.constant(":scheme"), fc.constantFrom("http", "https", "ftp", "")),
  fc.tuple(fc.constant(":authority"), fc.constantFrom("x", "x:80", "a b", "u@x", "")),
  fc.constantFrom<Field[]>([":protocol", "websocket"], [":status", "200"], [":unknown", "x"]),
);

/** The fields of an HTTP/2 request; mostly with the pseudo-headers that it must have. */
export const http2Fields: fc.Arbitrary<Field[]> = fc
  .record({
    method: fc.oneof(fc.constant("POST"), fc.constantFrom(...methods)),
    path: fc.constantFrom(...paths),
    isRegular: fc.boolean(),
    first: fc.array(pseudoHeader, { maxLength: 3 }),
    isWellFormed: fc.nat(9).map((n) => n > 0),
    fields,
    last: fc.array(pseudoHeader, { maxLength: 1 }),
  })
  .map(({ method, path, isRegular, first, isWellFormed, fields: rest, last }) => {
    const required: Field[] = [
      [":method", method],
      [":scheme", "http"],
      [":path", path],
      [":authority", "x"],
    ];
    return [
      ...(isWellFormed ? required : first),
      // These alone make the request malformed (RFC 9113 section 8.2.2).
      ...rest.filter(([name]) => !isRegular || !isConnectionField(name)),
      ...(isWellFormed ? [] : last),
    ];
  });

function isConnectionField(name: string): boolean {
  return [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "host",
    "content-length",
    "te",
    "x-large",
  ].includes(name);
}

const body = fc.constantFrom(
  ...["", "{}", "5\r\nabcde\r\n0\r\n\r\n", "0\r\n\r\n", "2\r\n{}\r\n0\r\nGrpc-Status: 0\r\n\r\n"],
  ...["\0\0\0\0\0", "\x01\0\0\0\x01x", "abcde", "fffffffff\r\n"],
);

/** An HTTP/1 request: mostly one that a parser takes. */
export const http1Request: fc.Arbitrary<Buffer> = fc
  .record({
    method: fc.constantFrom(...methods),
    path: fc.constantFrom(...paths),
    version: fc.constantFrom(
      "HTTP/1.1",
      "HTTP/1.1",
      "HTTP/1.1",
      "HTTP/1.0",
      "HTTP/2.0",
      "HTTP/0.9",
    ),
    hosts: fc.constantFrom(
      "Host: x\r\n",
      "Host: x\r\n",
      "Host: x\r\n",
      "",
      "Host: x\r\nHost: y\r\n",
    ),
    fields,
    body,
  })
  .map(({ method, path, version, hosts, fields: rest, body: content }) => {
    const lines = rest.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return latin1(`${method} ${path} ${version}\r\n${hosts}${lines}\r\n${content}`);
  });

/** A request that both ports take, and the status of its answer. */
export interface KnownRequest {
  readonly bytes: string;
  readonly status: number;
  /** Whether the answer may be the last of the connection. */
  readonly mayEnd: boolean;
}

const upgrade =
  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
/** A body that would be answered with 200 if it were taken for a request. */
const trap = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
const known = (start: string, fields: string, content: string, status: number, mayEnd = false) => ({
  bytes: `${start} HTTP/1.1\r\nHost: x\r\n${fields}\r\n${content}`,
  status,
  mayEnd,
});
const length = `Content-Length: ${trap.length}\r\n`;
const chunks = `${trap.length.toString(16)}\r\n${trap}\r\n0\r\nTrailer: x\r\n\r\n`;

export const knownRequest: fc.Arbitrary<KnownRequest> = fc.constantFrom(
  known("GET /healthz", "", "", 200),
  known("HEAD /healthz", "", "", 200),
  known("GET /nothing", length, trap, 404),
  known("POST /nothing", length, trap, 404),
  known("GET /healthz", upgrade, "", 200, true),
  known("POST /nothing", upgrade, "", 404, true),
  known("POST /nothing", `${upgrade}${length}`, trap, 404, true),
  // It is not known how much is still to come, so that the answer need not wait for it.
  known("POST /nothing", "Transfer-Encoding: chunked\r\n", chunks, 404, true),
);

/** The last request of a connection. */
export const lastRequest = known("GET /healthz", "Connection: close\r\n", "", 200, true);

/** Words of HTTP/1 and HTTP/2 in any order, and any bytes. */
export const anyBytes: fc.Arbitrary<Buffer> = fc.oneof(
  textOf(
    ...["GET ", "POST ", "PRI * HTTP/2.0\r\n", "SM\r\n\r\n", methodPath, "/health"],
    ...[" HTTP/1.1\r\n", " HTTP/1.0\r\n", "Host: x\r\n", "\r\n", "\n", "CONNECT ", "OPTIONS * "],
    ...["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "5\r\nabcde\r\n"],
    ...["Expect: 100-continue\r\n", "Expect: x\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n"],
    ...["Connection: close\r\n", `Authorization: ${authorization}\r\n`],
    "Content-Type: application/json\r\n",
  ).map(latin1),
  fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw)),
);

export function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
