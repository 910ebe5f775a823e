import { afterAll, beforeAll } from "vitest";
import type { Answer } from "./answer.js";
import { type EchoServer, startEchoServer } from "./echo-server.js";
import {
  createHttpClient,
  type HttpAnswer,
  type HttpClient,
  type HttpExchange,
  type HttpRequest,
  type HttpVersion,
} from "./http-client.js";
import { readAnswer, type Wire, type WireCall, writeRequest } from "./wire.js";

/** The test file's server, with a client of each HTTP version. */
export interface EchoFixture {
  url(): string;
  /** How a named call stands at the server. */
  stateOf(call: string): string | undefined;
  /** Makes a call, and reads the answer by the rules of its protocol. */
  call(wire: Wire, spec: WireCall): Promise<Answer>;
  /** Makes a call that the test may end before its answer. */
  start(wire: Wire, spec: WireCall): HttpExchange;
  /** Sends whatever it is given. */
  send(httpVersion: HttpVersion, request: HttpRequest): Promise<HttpAnswer>;
}

/** Starts a server before the tests of the file, and stops it after them. */
export function useEchoServer(): EchoFixture {
  let server: EchoServer | undefined;
  const clients = new Map<HttpVersion, HttpClient>();

  beforeAll(async () => {
    server = await startEchoServer();
    for (const httpVersion of ["1.1", "2"] as const) {
      clients.set(httpVersion, createHttpClient(server.url, httpVersion));
    }
  });
  afterAll(async () => {
    for (const client of clients.values()) {
      client.close();
    }
    await server?.stop();
  });

  function started<T>(value: T | undefined): T {
    if (value === undefined) {
      throw new Error("the server is not started");
    }
    return value;
  }

  return {
    url: () => started(server).url,
    stateOf: (call) => started(server).callStates.get(call),
    async call(wire, spec) {
      const http = await started(clients.get(wire.httpVersion)).send(writeRequest(wire, spec));
      return readAnswer(wire, http, spec.method);
    },
    start: (wire, spec) => started(clients.get(wire.httpVersion)).start(writeRequest(wire, spec)),
    send: (httpVersion, request) => started(clients.get(httpVersion)).send(request),
  };
}
