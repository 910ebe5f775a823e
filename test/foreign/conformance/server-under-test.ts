import { setTimeout as wait } from "node:timers/promises";
import { create, createRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { TlsConfig } from "../../../src/server/tls-config.js";
import { readMaxBytes } from "../../../src/services/service-router.js";
import { startRoutedServer } from "../../conformance/routed-server.js";
import { MemoryFiles } from "../../parts/memory-files.js";
import { conformanceService } from "./conformance-service.js";
import {
  type ServerCompatRequest,
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./gen/connectrpc/conformance/v1/server_compat_pb.js";
import {
  ConformanceService,
  file_connectrpc_conformance_v1_service,
} from "./gen/connectrpc/conformance/v1/service_pb.js";

/*
 * The program that the official runner starts, once for each configuration: it reads a
 * ServerCompatRequest, serves ConformanceService until SIGTERM, and writes where. Messages on stdin and stdout follow
 * their length in four bytes.
 */

const parentPid = process.ppid;
const request = fromBinary(ServerCompatRequestSchema, await readMessage());
const port = await startRoutedServer({
  readMaxBytes: request.messageReceiveLimit === 0 ? readMaxBytes : request.messageReceiveLimit,
  // As for a token whose key is still being fetched: the request arrives meanwhile.
  authenticate: () => wait(5),
  anyTypes: createRegistry(file_connectrpc_conformance_v1_service),
  ...configureTls(request),
  addMethods(builder) {
    builder.add(ConformanceService, conformanceService);
  },
});
const { hostname: host, port: number } = new URL(port.url);
writeMessage(
  toBinary(
    ServerCompatResponseSchema,
    create(ServerCompatResponseSchema, {
      host,
      port: Number(number),
      ...(request.serverCreds && { pemCert: request.serverCreds.cert }),
    }),
  ),
);
process.once("SIGTERM", () => process.exit());
// A runner that is killed takes its servers along.
setInterval(() => {
  if (process.ppid !== parentPid) {
    process.exit();
  }
}, 500);

function configureTls({ serverCreds, clientTlsCert }: ServerCompatRequest) {
  if (serverCreds === undefined) {
    return {};
  }
  const files: Record<string, string> = {
    "cert.pem": Buffer.from(serverCreds.cert).toString(),
    "key.pem": Buffer.from(serverCreds.key).toString(),
  };
  const tls: TlsConfig = { certFile: "cert.pem", keyFile: "key.pem" };
  if (clientTlsCert.byteLength === 0) {
    return { tls, files: new MemoryFiles(files) };
  }
  files["client-ca.pem"] = Buffer.from(clientTlsCert).toString();
  return { tls: { ...tls, clientCaFile: "client-ca.pem" }, files: new MemoryFiles(files) };
}

async function readMessage(): Promise<Uint8Array> {
  let received = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    received = Buffer.concat([received, chunk]);
    if (received.byteLength >= 4 && received.byteLength >= 4 + received.readUInt32BE()) {
      return received.subarray(4, 4 + received.readUInt32BE());
    }
  }
  throw new Error("stdin ended before the request");
}

function writeMessage(message: Uint8Array): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.byteLength);
  process.stdout.write(Buffer.concat([length, message]));
}
