import { adviseOnBrackets, missingBrackets } from "../config/ipv6-literal.js";
import type { Environment } from "../config/place.js";
import { printBasicAuthorization } from "./basic-authorization.js";
import { parseNoProxy } from "./no-proxy.js";

/** A proxy to send a request through. */
export interface ForwardProxy {
  /** `http:` or `https:`, a host, and perhaps a port. Holds no credentials, so it can be logged. */
  readonly url: string;
  /** The value of Proxy-Authorization (RFC 7617), if the variable has a user. A secret. */
  readonly authorization: string | undefined;
}

/** The variable for the protocol of a URL is set, but is not the URL of a proxy that can be used. */
export class ProxyVariableError extends Error {
  override readonly name = "ProxyVariableError";

  /**
   * @param variable such as `HTTPS_PROXY`
   * @param problem a phrase that follows the name of the variable. Never holds the value.
   */
  constructor(
    readonly variable: string,
    readonly problem: string,
  ) {
    super(`${variable} ${problem}`);
  }
}

/**
 * Finds the proxy for a URL, undefined if it is to be fetched directly.
 * @throws ProxyVariableError because a proxy that is asked for is not passed by
 */
export type FindProxy = (url: URL) => ForwardProxy | undefined;

/**
 * Reads which proxies the environment asks for: HTTPS_PROXY for `https:` URLs, HTTP_PROXY for `http:`
 * ones, NO_PROXY for what is fetched directly (see {@link parseNoProxy}); or the same in lower case,
 * if the one in upper case is not set or is empty. Loopback is always fetched directly.
 */
export function readProxies(environment: Environment): FindProxy {
  const find = (name: string) =>
    [name, name.toLowerCase()].find((variable) => (environment[variable] ?? "") !== "");
  const noProxy = find("NO_PROXY");
  const isDirect = parseNoProxy((noProxy && environment[noProxy]) ?? "");
  const variables: Readonly<Record<string, string | undefined>> = {
    "https:": find("HTTPS_PROXY"),
    "http:": find("HTTP_PROXY"),
  };
  return (url) => {
    const variable = variables[url.protocol];
    return variable === undefined || isDirect(url)
      ? undefined
      : parseProxy(environment[variable] ?? "", variable);
  };
}

function parseProxy(value: string, variable: string): ForwardProxy {
  // Everywhere else too, a proxy can be written without its protocol.
  const written = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(written)) {
    const hasBareAddress = adviseOnBrackets(written) !== undefined;
    const problem = hasBareAddress ? missingBrackets : "is not the URL of a proxy";
    throw new ProxyVariableError(variable, problem);
  }
  const { protocol, host, username, password } = new URL(written);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new ProxyVariableError(variable, `has the protocol ${protocol}, not http: or https:`);
  }
  return {
    url: `${protocol}//${host}`,
    authorization:
      username === "" && password === ""
        ? undefined
        : printBasicAuthorization(decode(username, variable), decode(password, variable)),
  };
}

function decode(part: string, variable: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ProxyVariableError(variable, "has a % that begins no percent-encoded character");
  }
}
