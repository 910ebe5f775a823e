import { spawn } from "node:child_process";
import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { codeFromString, codeToString } from "@connectrpc/connect/protocol-connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { z } from "zod";
import {
  type GetIceServersResponse,
  GetIceServersResponseSchema,
  IceService,
  WatchIceServersRequestSchema,
  WatchIceServersResponseSchema,
} from "../../src/gen/ice/v1/ice_service_pb.js";
import { millisecondsFromNow } from "./real-time.js";

const watchedListSchema = z.looseObject({
  iceServers: z.array(
    z.looseObject({
      urls: z.array(z.string()),
      username: z.string().optional(),
      credential: z.string().optional(),
    }),
  ),
  ttlSeconds: z.number().optional(),
});
export type WatchedList = z.infer<typeof watchedListSchema>;

/** A list as REST would answer it. */
function readList(response: GetIceServersResponse | undefined): WatchedList {
  return watchedListSchema.parse(
    toJson(GetIceServersResponseSchema, response ?? create(GetIceServersResponseSchema)),
  );
}

/** A watch as its client sees it. */
export interface Watcher {
  /** The lists so far, as REST would answer them. */
  readonly lists: readonly WatchedList[];
  /** The code that the watch has ended with, in lower snake case; `ok` without an error. */
  readonly end: Promise<string>;
  leave(): void;
}

export interface WatcherOptions {
  readonly token: string;
  readonly ttlSeconds?: number;
  readonly user?: string;
  readonly timeoutMs?: number;
  /** Of gRPC: how often the client sends an HTTP/2 ping; never by default. */
  readonly pingEveryMs?: number;
  /** Of gRPC: the authority of the server's certificate; without it, the watch is in the clear. */
  readonly ca?: Buffer;
}

export type OpenWatcher = (url: string, options: WatcherOptions) => Watcher;

/** With @grpc/grpc-js, which shares no code with Connect. */
export const watchWithGrpcJs: OpenWatcher = (url, options) => {
  const { token, ttlSeconds = 0, user = "", timeoutMs, pingEveryMs, ca } = options;
  const client = new Client(
    new URL(url).host,
    ca === undefined ? credentials.createInsecure() : credentials.createSsl(ca),
    pingEveryMs === undefined ? {} : { "grpc.keepalive_time_ms": pingEveryMs },
  );
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  const call = client.makeServerStreamRequest(
    "/ice.v1.IceService/WatchIceServers",
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => fromBinary(WatchIceServersResponseSchema, bytes),
    toBinary(
      WatchIceServersRequestSchema,
      create(WatchIceServersRequestSchema, { ttlSeconds, user }),
    ),
    metadata,
    timeoutMs === undefined ? {} : { deadline: millisecondsFromNow(timeoutMs) },
  );
  const lists: WatchedList[] = [];
  call.on("data", ({ response }) => {
    lists.push(readList(response));
  });
  const end = new Promise<string>((resolve) => {
    call.on("error", ({ code }: ServiceError) => resolve(codeToString(Number(code))));
    call.on("end", () => resolve("ok"));
  });
  void end.then(() => client.close());
  return { lists, end, leave: () => call.cancel() };
};

function watchWith(createTransport: (baseUrl: string) => Transport): OpenWatcher {
  return (url, { token, ttlSeconds = 0, timeoutMs }) => {
    const controller = new AbortController();
    const client = createClient(IceService, createTransport(url));
    const lists: WatchedList[] = [];
    async function read(): Promise<string> {
      try {
        const options = {
          headers: { Authorization: `Bearer ${token}` },
          signal: controller.signal,
          ...(timeoutMs !== undefined && { timeoutMs }),
        };
        for await (const { response } of client.watchIceServers({ ttlSeconds }, options)) {
          lists.push(readList(response));
        }
        return "ok";
      } catch (error) {
        return codeToString(ConnectError.from(error).code);
      }
    }
    return { lists, end: read(), leave: () => controller.abort() };
  };
}

export const watchWithConnect = watchWith((baseUrl) =>
  createConnectTransport({ baseUrl, httpVersion: "1.1" }),
);
export const watchWithGrpcWeb = watchWith((baseUrl) =>
  createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
);

export interface CurlWatcher extends Watcher {
  /** The response as it came, head included. */
  output(): string;
}

/** With curl, as server-sent events. */
export const watchWithCurl = (
  url: string,
  { token, ttlSeconds = 0 }: WatcherOptions,
): CurlWatcher => {
  const route = `${url}/api/v1/ice-servers:watch?ttlSeconds=${ttlSeconds}`;
  const curl = spawn("curl", ["-sNi", "-H", `Authorization: Bearer ${token}`, route], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  curl.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const dataOf = (pattern: RegExp) =>
    [...output.matchAll(pattern)].map(([, data = ""]) => JSON.parse(data));
  return {
    output: () => output,
    get lists() {
      return dataOf(/^data: (\{"iceServers".*)$/gm);
    },
    end: new Promise((resolve) => {
      curl.once("close", () => {
        const [problem] = dataOf(/^(?:event: error\ndata: )?(\{"type".*)$/gm);
        resolve(problem === undefined ? "ok" : codeToString(codeFromString(problem.code) ?? 2));
      });
    }),
    leave: () => void curl.kill(),
  };
};
