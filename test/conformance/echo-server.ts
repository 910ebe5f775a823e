import { createMethodImplSpec } from "@connectrpc/connect";
import { readMaxBytes } from "../../src/services/service-router.js";
import { EchoService } from "../schemas/gen/echo_pb.js";
import { type CallStates, createEchoImplementation } from "./echo-implementation.js";
import { startRoutedServer } from "./routed-server.js";

export { readMaxBytes };

export interface EchoServer {
  readonly url: string;
  readonly callStates: CallStates;
  stop(): Promise<void>;
}

/** Serves EchoService over HTTP/1.1 and HTTP/2 in the clear. */
export async function startEchoServer(): Promise<EchoServer> {
  const callStates: CallStates = new Map();
  const { unary, stream } = createEchoImplementation(callStates);
  const port = await startRoutedServer({
    readMaxBytes,
    addMethods(builder) {
      // The service comes first, without implementations: of two routes with one path, the later holds.
      builder
        .add(EchoService, {})
        .addMethod(createMethodImplSpec(EchoService.method.echo, unary))
        .addMethod(createMethodImplSpec(EchoService.method.echoIdempotent, unary))
        .addMethod(createMethodImplSpec(EchoService.method.echoStream, stream));
    },
  });
  return { url: port.url, callStates, stop: () => port.close({ timeoutMs: 0 }) };
}
