import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";

/** A request as it has come in. */
export interface ContractRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ContractAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What a service does instead of its documented answer. */
export type Misbehavior = (response: ServerResponse, request: ContractRequest) => void;

export interface ContractServer {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Those that have come so far. */
  readonly requests: readonly ContractRequest[];
  /** The most that were under way at the same time. */
  readonly mostAtOnce: number;
  /** What requests did otherwise than is documented. */
  readonly violations: readonly string[];
  /** Does this with every request from now on; undefined: as documented. */
  misbehave(how: Misbehavior | undefined): void;
  close(): Promise<void>;
}

/**
 * Starts a server that plays a managed TURN service by its documentation.
 *
 * @param answer what it documents for a request
 * @param findViolations what of the request is not as documented
 */
export async function startContractServer(
  answer: (request: ContractRequest) => ContractAnswer,
  findViolations: (request: ContractRequest) => readonly string[],
): Promise<ContractServer> {
  const requests: ContractRequest[] = [];
  const violations: string[] = [];
  let misbehavior: Misbehavior | undefined;
  let underWay = 0;
  let mostAtOnce = 0;

  const server = createServer((incoming, response) => {
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    response.once("close", () => {
      underWay -= 1;
    });
    readText(incoming).then(
      (body) => {
        const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://contract.test");
        const { method = "", headers } = incoming;
        const request = { method, path: pathname, query: searchParams, headers, body };
        requests.push(request);
        if (misbehavior !== undefined) {
          misbehavior(response, request);
          return;
        }
        violations.push(...findViolations(request));
        send(response, answer(request));
      },
      () => {},
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address instanceof Object ? address.port : 0}`,
    requests,
    violations,
    get mostAtOnce() {
      return mostAtOnce;
    },
    misbehave(how) {
      misbehavior = how;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function send(response: ServerResponse, { status, headers = {}, body }: ContractAnswer): void {
  const type = { "Content-Type": "application/json" };
  response.writeHead(status, { ...type, ...headers }).end(JSON.stringify(body));
}

/** Any answer. */
export const reply =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Misbehavior =>
  (response) =>
    send(response, { status, headers, body });

/** Says nothing. */
export const hang: Misbehavior = () => {};

/** Says half of it, then nothing. */
export const stall: Misbehavior = (response) => {
  response.writeHead(200, { "Content-Type": "application/json" }).write('{"iceServers":[');
};

/** Promises more than it sends, then closes the connection. */
export const truncate: Misbehavior = (response) => {
  response.writeHead(200, { "Content-Length": "1000" }).write('{"iceServers":[');
  setImmediate(() => response.destroy());
};

export const drop: Misbehavior = (response) => response.destroy();

export const garbage: Misbehavior = (response) => {
  response.writeHead(200, { "Content-Type": "application/json" }).end("<html>It works!</html>");
};

/** Ten megabytes of a list. */
export const huge: Misbehavior = (response) => {
  response.writeHead(200).end(JSON.stringify({ iceServers: "x".repeat(10 * 1024 * 1024) }));
};

export const redirectTo =
  (url: string): Misbehavior =>
  (response) =>
    response.writeHead(302, { Location: url }).end();
