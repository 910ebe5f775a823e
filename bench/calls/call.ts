export type CallName = "rest" | "rest-http2" | "connect" | "grpc";

/** One way to ask for ICE servers. Every server gets the very same request. */
export interface Call {
  readonly name: CallName;
  /** As the table calls it. */
  readonly title: string;
  readonly http: 1 | 2;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Beside Authorization. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

const restPath = "/api/v1/ice-servers";
const rpcPath = "/ice.v1.IceService/GetIceServers";

export const calls: Readonly<Record<CallName, Call>> = {
  rest: { name: "rest", title: "REST", http: 1, method: "GET", path: restPath, headers: {} },
  "rest-http2": {
    name: "rest-http2",
    title: "REST over HTTP/2",
    http: 2,
    method: "GET",
    path: restPath,
    headers: {},
  },
  connect: {
    name: "connect",
    title: "Connect POST",
    http: 1,
    method: "POST",
    path: rpcPath,
    headers: { "content-type": "application/json" },
    body: Buffer.from("{}"),
  },
  grpc: {
    name: "grpc",
    title: "gRPC",
    http: 2,
    method: "POST",
    path: rpcPath,
    headers: { "content-type": "application/grpc", te: "trailers" },
    // Not compressed, and a message of no bytes: a request that leaves everything at its default.
    body: Buffer.alloc(5),
  },
};
