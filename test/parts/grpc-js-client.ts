import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ChannelCredentials, Client, credentials, Metadata } from "@grpc/grpc-js";
import {
  GetIceServersRequestSchema,
  type GetIceServersResponse,
  GetIceServersResponseSchema,
} from "../../src/gen/ice/v1/ice_service_pb.js";

export interface GrpcJsCall {
  readonly token?: string;
  readonly request?: MessageInitShape<typeof GetIceServersRequestSchema>;
  readonly timeoutMs?: number;
}

export interface GrpcJsClient {
  /** Rejects with the ServiceError of @grpc/grpc-js. */
  getIceServers(call?: GrpcJsCall): Promise<GetIceServersResponse>;
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
  return {
    getIceServers({ token, request = {}, timeoutMs = 5000 } = {}) {
      const metadata = new Metadata();
      if (token !== undefined) {
        metadata.set("authorization", `Bearer ${token}`);
      }
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          "/ice.v1.IceService/GetIceServers",
          (message) => Buffer.from(toBinary(GetIceServersRequestSchema, message)),
          (bytes) => fromBinary(GetIceServersResponseSchema, bytes),
          create(GetIceServersRequestSchema, request),
          metadata,
          { deadline: Date.now() + timeoutMs },
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
    },
    async stop() {
      client.close();
    },
  };
}
