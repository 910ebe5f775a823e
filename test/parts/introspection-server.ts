import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";

/** What the endpoint was asked. */
export interface IntrospectionRequest {
  readonly method: string | undefined;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly token: string | null;
  readonly tokenTypeHint: string | null;
}

/** Gives the answer to a request, now or later. */
export type AnswerIntrospection = (request: IntrospectionRequest, response: ServerResponse) => void;

export interface IntrospectionServer {
  readonly url: URL;
  readonly requests: readonly IntrospectionRequest[];
  /** Answers every request from now on. */
  serve(answer: AnswerIntrospection): void;
  close(): Promise<void>;
}

/** An introspection endpoint on loopback, on whose answers the test decides. */
export async function startIntrospectionServer(
  firstAnswer: AnswerIntrospection,
): Promise<IntrospectionServer> {
  let answer = firstAnswer;
  const requests: IntrospectionRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) {
      chunks.push(chunk);
    }
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const request = {
      method: incoming.method,
      authorization: incoming.headers.authorization,
      contentType: incoming.headers["content-type"],
      token: form.get("token"),
      tokenTypeHint: form.get("token_type_hint"),
    };
    requests.push(request);
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: new URL(`http://127.0.0.1:${address instanceof Object ? address.port : 0}/introspect`),
    requests,
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

/** Says the same of every token. */
export const say =
  (members: unknown, status = 200): AnswerIntrospection =>
  (_, response) => {
    const text = typeof members === "string" ? members : JSON.stringify(members);
    response.writeHead(status, { "Content-Type": "application/json" }).end(text);
  };
