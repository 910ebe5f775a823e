import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ChannelCredentials, Client, credentials, Metadata } from "@grpc/grpc-js";
import {
  GetIceServersRequestSchema,
  type GetIceServersResponse,
  GetIceServersResponseSchema,
} from "../../src/gen/ice/v1/ice_service_pb.js";
import { millisecondsFromNow } from "./real-time.js";

export interface GrpcJsCallOptions {
  readonly token?: string;
  readonly timeoutMs?: number;
  /** Beside the token. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface GrpcJsCall extends GrpcJsCallOptions {
  readonly request?: MessageInitShape<typeof GetIceServersRequestSchema>;
}

/** Rejects with the ServiceError of @grpc/grpc-js. */
export interface GrpcJsClient {
  getIceServers(call?: GrpcJsCall): Promise<GetIceServersResponse>;
  /** Sends bytes as they are, to any method such as `/ice.v1.IceService/GetIceServers`. */
  callRaw(path: string, message: Uint8Array, options?: GrpcJsCallOptions): Promise<Uint8Array>;
  stop(): Promise<void>;
}

/**
 * Makes a client of @grpc/grpc-js, which shares no code with Connect.
 *
 * @param target such as `127.0.0.1:8080`
 */
export function createGrpcJsClient(
  target: string,
  channelCredentials: ChannelCredentials = credentials.createInsecure(),
): GrpcJsClient {
  const client = new Client(target, channelCredentials);

  function callRaw(
    path: string,
    message: Uint8Array,
    { token, timeoutMs = 5000, metadata: others = {} }: GrpcJsCallOptions = {},
  ): Promise<Uint8Array> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(others)) {
      metadata.set(name, value);
    }
    if (token !== undefined) {
      metadata.set("authorization", `Bearer ${token}`);
    }
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes) => bytes,
        message,
        metadata,
        { deadline: millisecondsFromNow(timeoutMs) },
        (error, response) => {
          if (error !== null) {
            reject(error);
          } else if (response === undefined) {
            reject(new Error("neither an error nor a response"));
          } else {
            resolve(response);
          }
        },
      );
    });
  }

  return {
    callRaw,
    async getIceServers({ request = {}, ...options } = {}) {
      const message = toBinary(
        GetIceServersRequestSchema,
        create(GetIceServersRequestSchema, request),
      );
      const response = await callRaw("/ice.v1.IceService/GetIceServers", message, options);
      return fromBinary(GetIceServersResponseSchema, response);
    },
    async stop() {
      client.close();
    },
  };
}
