import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { z } from "zod";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";

export interface StockConnectServer {
  readonly http1Url: string;
  readonly http2Url: string;
  stop(): void;
}

const addressSchema = z.object({ port: z.number() });

/**
 * Serves IceService with Connect's own handlers for Node, without authentication: a list of the
 * given STUN URLs for requests in range.
 *
 * @param readMaxBytes the largest request message
 */
export async function startStockConnectServer(
  stunUrls: readonly string[],
  readMaxBytes: number,
): Promise<StockConnectServer> {
  const list = { iceServers: stunUrls.map((url) => ({ urls: [url] })) };
  const answer = ({ maxUrls }: { readonly maxUrls: number }) => {
    if (maxUrls < 0) {
      throw new ConnectError("max_urls is out of range", Code.InvalidArgument);
    }
    return list;
  };
  const handler = connectNodeAdapter({
    readMaxBytes,
    routes: (router) =>
      router.service(IceService, {
        getIceServers: answer,
        async *watchIceServers(request, { signal }) {
          yield { response: answer(request) };
          while (!signal.aborted) {
            await once(signal, "abort");
          }
        },
      }),
  });
  const http1 = createHttp1Server(handler);
  const http2 = createHttp2Server(handler);
  const open = async (server: typeof http1 | typeof http2) => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${addressSchema.parse(server.address()).port}`;
  };
  return {
    http1Url: await open(http1),
    http2Url: await open(http2),
    stop() {
      http1.close();
      http1.closeAllConnections();
      http2.close();
    },
  };
}
