import { adviseOnBrackets, missingBrackets } from "../config/ipv6-literal.js";
import { printKeyPath } from "../config/key-path.js";
import { checked, type Kind } from "../config/kind.js";
import type { Place } from "../config/place.js";
import { text } from "../config/scalars.js";
import { ProxyVariableError, readProxies } from "./proxies.js";

/** As `URL` writes it: an IPv4 address always has four numbers (RFC 1122 section 3.2.1.3 (g)). */
const loopbackHost = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export interface OutgoingUrlOptions {
  /** How one looks. */
  readonly example: string;
  /** Why it must be `https:`, as a clause such as `who answers in its place could sign tokens`. */
  readonly risk: string;
}

/** Where the service sends requests: an `https:` URL, or an `http:` one on loopback, without a user. */
export function outgoingUrl({ example, risk }: OutgoingUrlOptions): Kind<URL, string, ""> {
  return checked(uncheckedUrl(example), (url, place) => {
    checkUrlSecurity(url, { risk }, place);
    return url;
  });
}

/** The same for a URL that {@link checkUrlSecurity} is still to check. */
export function uncheckedUrl(example: string): Kind<URL, string, ""> {
  return {
    unit: "",
    read(given, place) {
      const written = text().read(given, place);
      if (written === undefined) {
        return undefined;
      }
      if (!URL.canParse(written)) {
        const advice = adviseOnBrackets(written);
        return advice === undefined
          ? place.refuse("is not a URL", `Write it like ${example}`)
          : place.refuse(missingBrackets, advice);
      }
      const url = new URL(written);
      if (url.username !== "" || url.password !== "") {
        place.refuse("contains a user name or password", "Remove it");
      }
      try {
        readProxies(place.context.env)(url);
      } catch (error) {
        if (!(error instanceof ProxyVariableError)) {
          throw error;
        }
        const { variable, problem } = error;
        const fix = `Set ${variable} to a URL such as http://proxy.example.com:3128, or NO_PROXY to ${url.hostname}`;
        place.refuse(`is to be fetched through a proxy, but ${variable} ${problem}`, fix);
      }
      return url;
    },
    // What is in a query may be a secret although it should not be.
    describe: (url) => (url.search === "" ? url.href : `${printWithoutQuery(url)}?<hidden>`),
  };
}

export interface UrlSecurity extends Pick<OutgoingUrlOptions, "risk"> {
  /** What `allowInsecureUrl` says beside the URL. Absent: there is no such key. */
  readonly allowInsecureUrl?: boolean;
}

/** A URL as logs can have it: its query may hold a key. */
export function printWithoutQuery({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** Whether nobody on the way can answer in the place of the server: by TLS, or on loopback. */
export function isProtected({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && loopbackHost.test(hostname));
}

/** Refuses an `http:` URL that is not on loopback, unless the operator allows it. */
export function checkUrlSecurity(
  url: URL,
  { risk, allowInsecureUrl }: UrlSecurity,
  place: Place,
): void {
  if (isProtected(url)) {
    return;
  }
  const isPlain = url.protocol === "http:";
  if (isPlain && allowInsecureUrl === true) {
    const key = printKeyPath(place.path);
    place.warn(`${key} sends requests to ${url.origin} without TLS: ${risk}`);
    return;
  }
  const isAllowable = isPlain && allowInsecureUrl !== undefined;
  place.refuse(
    "is not an https: URL",
    isAllowable
      ? `Use https:, or set allowInsecureUrl: true where nobody else can answer, such as inside of a cluster; ${risk}`
      : `Use https:; ${risk}`,
  );
}
