/** The same call as a server of @grpc/grpc-js, with the same check of a connector token. */
import { createHash } from "node:crypto";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  status,
} from "@grpc/grpc-js";
import {
  type GetIceServersRequest,
  GetIceServersRequestSchema,
  type GetIceServersResponse,
  GetIceServersResponseSchema,
} from "../../src/gen/ice/v1/ice_service_pb.js";
import { createMessageSource } from "./message-answer.js";
import { announceReady } from "./ready-line.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const makeMessage = createMessageSource(settings);
const metadata = new Metadata();
for (const [name, value] of settings.grpcHeaders) {
  metadata.set(name, value);
}
const callers = new Map([[settings.tokenHash, "bench"]]);

const getIceServers: handleUnaryCall<GetIceServersRequest, GetIceServersResponse> = (
  call,
  respond,
) => {
  const [authorization = ""] = call.metadata.get("authorization");
  const token = authorization.toString().replace(/^Bearer /, "");
  if (!callers.has(createHash("sha256").update(token).digest("hex"))) {
    respond({ code: status.UNAUTHENTICATED, details: "invalid auth token" });
    return;
  }
  call.sendMetadata(metadata);
  respond(null, makeMessage());
};

const method: MethodDefinition<GetIceServersRequest, GetIceServersResponse> = {
  path: "/ice.v1.IceService/GetIceServers",
  requestStream: false,
  responseStream: false,
  requestSerialize: (message) => Buffer.from(toBinary(GetIceServersRequestSchema, message)),
  requestDeserialize: (bytes) => fromBinary(GetIceServersRequestSchema, bytes),
  responseSerialize: (message) => Buffer.from(toBinary(GetIceServersResponseSchema, message)),
  responseDeserialize: (bytes) => fromBinary(GetIceServersResponseSchema, bytes),
};

const server = new Server();
server.addService({ getIceServers: method }, { getIceServers });
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) {
    throw error;
  }
  announceReady({ address: "127.0.0.1", family: "IPv4", port });
});
