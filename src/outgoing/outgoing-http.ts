import type { Environment } from "../config/place.js";
import { findErrorCode } from "../errors.js";
import type { Agents, Route } from "./agents.js";
import { type FindProxy, ProxyVariableError, readProxies } from "./proxies.js";

/** A request got no whole answer. The message names the cause, without the URL or a secret. */
export class OutgoingError extends Error {
  override readonly name = "OutgoingError";
}

export interface OutgoingRequest {
  /** `GET` by default. */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole answer, in milliseconds. */
  readonly timeoutMs: number;
  /** The largest body of an answer that is read, after decompression. */
  readonly maxBytes: number;
  /** Gives up early. */
  readonly signal?: AbortSignal;
  /** The only authorities that may vouch for the server, in PEM. Absent: those that Node trusts. */
  readonly authorities?: string | undefined;
}

export interface OutgoingAnswer {
  /** Any but a redirect. */
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
  /** The body, read as UTF-8, without a byte order mark. */
  readonly text: string;
}

/** Sends the HTTP requests that the service itself makes. The one way out for all features. */
export interface OutgoingHttp {
  /**
   * Sends a request, directly or through the proxy that the environment asks for. A redirect is an
   * error: the configuration alone decides who answers.
   * @throws OutgoingError (as a rejection)
   */
  send(url: URL, request: OutgoingRequest): Promise<OutgoingAnswer>;
  /** Closes idle connections. Requests under way are finished. */
  close(): void;
}

/** What the `fetch` of Node and that of the library have in common. */
type Fetch = (
  url: URL,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
    readonly body?: string;
  },
) => Promise<{
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
  readonly body: AsyncIterable<Uint8Array> | null;
}>;

const redirects = [301, 302, 303, 307, 308];

/** @param environment where proxies are set; see {@link readProxies} */
export function createOutgoingHttp(environment: Environment): OutgoingHttp {
  const findProxy = readProxies(environment);
  let agents: Promise<Agents> | undefined;
  const loadAgents = async () => {
    const { Agents } = await import("./agents.js");
    return new Agents();
  };
  /** Node's own `fetch` knows no routes. The library that does takes 14 MB, and is loaded if needed. */
  const openRoute = async (route: Route): Promise<Fetch> => {
    if (route.proxy === undefined && route.authorities === undefined) {
      return fetch;
    }
    agents ??= loadAgents();
    const loaded = await agents;
    return (url, init) => loaded.fetch(url, route, init);
  };
  return {
    async send(url, request) {
      checkHeaders(request.headers);
      const route = { proxy: chooseProxy(url, findProxy), authorities: request.authorities };
      return sendThrough(await openRoute(route), url, request, route);
    },
    close() {
      void agents?.then((loaded) => loaded.close());
    },
  };
}

/** The error of `fetch` would quote the value, which may be a secret. */
function checkHeaders(headers: OutgoingRequest["headers"] = {}): void {
  if (!Object.values(headers).every((value) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value))) {
    throw new OutgoingError("a header has a value that cannot be sent");
  }
}

function chooseProxy(url: URL, findProxy: FindProxy): Route["proxy"] {
  try {
    return findProxy(url);
  } catch (error) {
    throw error instanceof ProxyVariableError ? new OutgoingError(error.message) : error;
  }
}

async function sendThrough(
  fetchThere: Fetch,
  url: URL,
  { method = "GET", headers = {}, body, timeoutMs, maxBytes, signal }: OutgoingRequest,
  { proxy }: Route,
): Promise<OutgoingAnswer> {
  const controller = new AbortController();
  const giveUp = () => controller.abort(new OutgoingError("given up"));
  const timer = setTimeout(
    () => controller.abort(new OutgoingError(`no whole answer within ${timeoutMs} ms`)),
    timeoutMs,
  ).unref();
  signal?.addEventListener("abort", giveUp, { once: true });
  if (signal?.aborted) {
    giveUp();
  }
  try {
    const answer = await fetchThere(url, {
      ...{ method, headers, redirect: "manual", signal: controller.signal },
      ...(body !== undefined && { body }),
    });
    if (redirects.includes(answer.status)) {
      throw new OutgoingError(`HTTP status ${answer.status}, a redirect, which is not followed`);
    }
    const text = await readText(answer.body ?? [], maxBytes);
    return { status: answer.status, headers: answer.headers, text };
  } catch (error) {
    const problem = error instanceof OutgoingError ? error.message : describeFailure(error);
    throw new OutgoingError(proxy ? `${problem} (through the proxy ${proxy.url})` : problem);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
    // Lets go of the connection where the body was not read to its end.
    controller.abort();
  }
}

async function readText(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, maxBytes: number) {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new OutgoingError(`larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** `fetch` hides what happened in the cause of a cause. Its code says it without repeating the URL. */
function describeFailure(error: unknown): string {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) {
    cause = cause.cause;
  }
  const message = cause instanceof Error ? cause.message : "unknown error";
  const [, status] = /^Proxy.*\((\d{3})\)/.exec(message) ?? [];
  return status === undefined
    ? (findErrorCode(cause) ?? message)
    : `HTTP status ${status} of the proxy`;
}
