import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { gzipSync } from "node:zlib";

export interface JwksServer {
  /** It has a query that must not appear in a log. */
  readonly url: URL;
  readonly requestCount: number;
  /** Answers every request from now on. */
  serve(answer: RequestListener): void;
  close(): Promise<void>;
}

/** A real server on loopback, whose answers the test chooses. */
export async function startJwksServer(firstAnswer: RequestListener): Promise<JwksServer> {
  let answer = firstAnswer;
  let requestCount = 0;
  const server = createServer((request, response) => {
    requestCount += 1;
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address instanceof Object ? address.port : 0;
  return {
    url: new URL(`http://127.0.0.1:${port}/keys?client=hidden`),
    get requestCount() {
      return requestCount;
    },
    serve(next) {
      answer = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export const text =
  (body: string, status = 200): RequestListener =>
  (_, response) => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(body);
  };

export const keys = (...members: readonly object[]): RequestListener =>
  text(JSON.stringify({ keys: members }));

export const hang: RequestListener = () => {};

export const hangAfterHeaders: RequestListener = (_, response) => {
  response.writeHead(200).write('{"keys":');
};

export const dropConnection: RequestListener = (request) => {
  request.socket.destroy();
};

export const redirectTo =
  (url: string): RequestListener =>
  (_, response) => {
    response.writeHead(302, { Location: url }).end();
  };

const tenMegabytes = JSON.stringify({ keys: [], padding: "x".repeat(10 * 1024 * 1024) });

export const huge = text(tenMegabytes);

const compressed = gzipSync(tenMegabytes);

/** Small on the wire, ten megabytes after decompression. */
export const hugeWhenUnpacked: RequestListener = (_, response) => {
  response.writeHead(200, { "Content-Encoding": "gzip" }).end(compressed);
};
