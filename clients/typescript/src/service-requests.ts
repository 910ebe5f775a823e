import { IceServiceError, readServiceError } from "./service-error.js";

export interface ServiceOptions {
  /** Where the service is, such as `https://ice.example.com`. A path in it is kept. */
  readonly url: string | URL;
  /**
   * Returns the token for a request (a JWT, or a connector token). It is called for each request, so it
   * can return a new token before the last one expires.
   *
   * @param rejectedToken the token that the service has just rejected; return another one, or the call fails
   */
  readonly getToken: (rejectedToken?: string) => string | Promise<string>;
  /** The preferred region. */
  readonly region?: string;
  /** For how long credentials are to live, in seconds, within the bounds of the service. */
  readonly ttlSeconds?: number;
  /** The most URLs to get. Browsers slow down with more than 4. */
  readonly maxUrls?: number;
  /** The end user for whom a backend asks. Its token needs the right to name users. */
  readonly user?: string;
  /** The IP address of that end user. */
  readonly clientAddress?: string;
  /** How long to wait for an answer and its tokens, in milliseconds. 10,000 by default. */
  readonly timeoutMs?: number;
  /** The fetch to use instead of the global one. */
  readonly fetch?: typeof fetch;
}

/** Sends a request and returns its response, which is a success. The signal ends the request only. */
export type SendRequest = (
  path: string,
  mediaType: string,
  signal: AbortSignal,
) => Promise<Response>;

const tokenPattern = /^[!-~]+$/;

export const defaultTimeoutMs = 10_000;

const parameterNames = ["region", "ttlSeconds", "maxUrls", "user", "clientAddress"] as const;

/** The function rejects with an IceServiceError when the service answers with an error. */
export function createSender(options: ServiceOptions): SendRequest {
  // Called as a method of `options`, the browser's fetch would throw.
  const { getToken, fetch: send = globalThis.fetch } = options;
  const base = String(options.url).replace(/\/*$/, "");
  const query = new URLSearchParams();
  for (const name of parameterNames) {
    const value = options[name];
    if (value !== undefined) {
      query.set(name, String(value));
    }
  }
  const suffix = query.size === 0 ? "" : `?${query}`;

  return async (path, mediaType, signal) => {
    const sendWith = (returned: string) => {
      const token = returned.trim();
      if (!tokenPattern.test(token)) {
        // The error of `fetch` would have the token in its message.
        throw new TypeError("getToken has returned what cannot be a token");
      }
      return send(`${base}${path}${suffix}`, {
        headers: { accept: mediaType, authorization: `Bearer ${token}` },
        signal,
      });
    };
    const token = await getToken();
    let response = await sendWith(token);
    if (response.status === 401) {
      const next = await getToken(token);
      if (next !== token) {
        await response.body?.cancel();
        response = await sendWith(next);
      }
    }
    if (!response.ok) {
      throw await readServiceError(response);
    }
    return response;
  };
}

/** Waits for a promise until the signal is aborted, whether or not what it is of knows of the signal. */
export function untilAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    if (signal.aborted) {
      abort();
    }
  });
  return Promise.race([promise, aborted]);
}

/** Whether a request can be sent again: after a network failure, a timeout, or a transient error. */
export function isTransient(error: unknown): boolean {
  return !(error instanceof IceServiceError) || error.isTransient;
}
