/** The same call as a server of @grpc/grpc-js, with the same check of a connector token. */
import { createHash } from "node:crypto";
import {
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  status,
} from "@grpc/grpc-js";
import { createMessageEncoder, prefixBytes } from "./message-bytes.js";
import { announceReady } from "./ready-line.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const encodeMessage = createMessageEncoder(settings);
const metadata = new Metadata();
for (const [name, value] of settings.grpcHeaders) {
  metadata.set(name, value);
}
const callers = new Map([[settings.tokenHash, "bench"]]);

const getIceServers: handleUnaryCall<Buffer, Buffer> = (call, respond) => {
  const [authorization = ""] = call.metadata.get("authorization");
  const token = authorization.toString().replace(/^Bearer /, "");
  if (!callers.has(createHash("sha256").update(token).digest("hex"))) {
    respond({ code: status.UNAUTHENTICATED, details: "invalid auth token" });
    return;
  }
  call.sendMetadata(metadata);
  // grpc-js writes a prefix of its own.
  respond(null, encodeMessage().subarray(prefixBytes));
};

const method: MethodDefinition<Buffer, Buffer> = {
  path: "/ice.v1.IceService/GetIceServers",
  requestStream: false,
  responseStream: false,
  // Messages are encoded by hand, and every field of the request is at its default.
  requestSerialize: (bytes) => bytes,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: (bytes) => bytes,
  responseDeserialize: (bytes) => bytes,
};

const server = new Server();
server.addService({ getIceServers: method }, { getIceServers });
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) {
    throw error;
  }
  announceReady({ address: "127.0.0.1", family: "IPv4", port });
});
