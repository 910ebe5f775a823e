import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { z } from "zod";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { createGrpcJsClient } from "./grpc-js-client.js";

export interface Credential {
  readonly username: string;
  readonly credential: string;
}

export interface MixedTraffic {
  /** The last credential that a call of a good token brought. */
  latest(): Credential | undefined;
  /** How often each way to call has ended how, such as `rest: ok`. */
  outcomes(): Readonly<Record<string, number>>;
  /** Ends it; every call that was begun is waited for. */
  stop(): Promise<void>;
}

export interface TrafficOptions {
  readonly url: string;
  /** Made anew for each call. */
  readonly goodTokens: readonly (() => Promise<string>)[];
  /** Between two calls of one caller, in milliseconds. */
  readonly pauseMs: number;
}

const restSchema = z.object({
  iceServers: z.tuple([z.object({ username: z.string(), credential: z.string() })]),
});

type Call = (token: string) => Promise<Credential | undefined>;

/** One caller for each protocol and each kind of token calls without end, on connections that it keeps. */
export function startMixedTraffic({ url, goodTokens, pauseMs }: TrafficOptions): MixedTraffic {
  const outcomes: Record<string, number> = {};
  let latest: Credential | undefined;
  let stopped = false;
  const session = new Http2SessionManager(url);
  const grpcJs = createGrpcJsClient(new URL(url).host);
  const options = { baseUrl: url, sessionManager: session } as const;
  const calls: Record<string, Call> = {
    rest: (token) => getRest(url, { headers: { Authorization: `Bearer ${token}` } }),
    "rest, query token": (token) => getRest(`${url}/?token=${token}`, {}),
    connect: throughConnect(createConnectTransport({ baseUrl: url, httpVersion: "1.1" })),
    "connect, HTTP/2": throughConnect(createConnectTransport({ ...options, httpVersion: "2" })),
    "gRPC-Web": throughConnect(createGrpcWebTransport({ ...options, httpVersion: "2" })),
    gRPC: throughConnect(createGrpcTransport(options)),
    "gRPC, grpc-js": async (token) => (await grpcJs.getIceServers({ token })).iceServers[0],
  };

  async function run(name: string, call: Call, makeToken: () => Promise<string>, isGood: boolean) {
    while (!stopped) {
      let outcome = "ok";
      try {
        const credential = await call(await makeToken());
        latest = isGood ? (credential ?? latest) : latest;
      } catch (error) {
        outcome = describeFailure(error);
      }
      const key = `${isGood ? "good" : "bad"} token, ${name}: ${outcome}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
      await sleep(pauseMs);
    }
  }

  const callers = Object.entries(calls).flatMap(([name, call]) => [
    ...goodTokens.map((makeToken) => run(name, call, makeToken, true)),
    run(name, call, async () => "nonsense", false),
  ]);
  return {
    latest: () => latest,
    outcomes: () => outcomes,
    async stop() {
      stopped = true;
      await Promise.all(callers);
      session.abort();
      await grpcJs.stop();
    },
  };
}

async function getRest(base: string, init: RequestInit): Promise<Credential> {
  const target = new URL(base);
  target.pathname = "/api/v1/ice-servers";
  const response = await fetch(target, init);
  const body = await response.json();
  if (!response.ok) {
    throw new Error(`status ${response.status}`);
  }
  return restSchema.parse(body).iceServers[0];
}

function throughConnect(transport: Transport): Call {
  const client = createClient(IceService, transport);
  return async (token) => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await client.getIceServers({}, { headers, timeoutMs: 5000 })).iceServers[0];
  };
}

function describeFailure(error: unknown): string {
  if (error instanceof ConnectError) {
    return Code[error.code];
  }
  if (error instanceof Error) {
    return "code" in error && typeof error.code === "number"
      ? (Code[error.code] ?? "unknown code")
      : `${error.message} ${error.cause instanceof Error ? error.cause.message : ""}`.trim();
  }
  return String(error);
}
