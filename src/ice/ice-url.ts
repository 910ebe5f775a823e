import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";
import { adviseOnBrackets, missingBrackets } from "../config/ipv6-literal.js";

export type IceScheme = "stun" | "stuns" | "turn" | "turns";

/** A STUN or TURN URL that every browser takes (RFC 7064, RFC 7065). */
export interface IceUrl {
  /** As it is served. */
  readonly text: string;
  readonly scheme: IceScheme;
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  /** 1 to 65535; the scheme's default where the URL has none. */
  readonly port: number;
  /** What the client connects with: as said, else TCP for `turns` and `stuns`, UDP for the rest. */
  readonly transport: "udp" | "tcp";
}

/** The URL breaks a rule; a browser would throw on the whole list because of it. */
export class IceUrlError extends Error {
  override readonly name = "IceUrlError";
  /** The offending URL, shortened where it is long, without what stands before an `@`. */
  readonly url: string;

  /**
   * @param rule the rule that is broken, with its source
   * @param fix what to write instead
   */
  constructor(
    url: string,
    readonly rule: string,
    readonly fix: string,
  ) {
    // Who writes user information here may have written a password: this text goes to the log.
    const safe = url.replace(/^(\s*[a-z][a-z0-9+.-]*:(?:\/\/)?)?.*@/is, "$1…@");
    const shown = safe.length > 100 ? `${safe.slice(0, 100)}…` : safe;
    super(`${JSON.stringify(shown)}: ${rule}. ${fix}`);
    this.url = shown;
  }
}

const maxLength = 512;
const defaultPorts = { stun: 3478, turn: 3478, stuns: 5349, turns: 5349 } as const;
const notAscii = /[^\p{ASCII}]/u;
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * Parses a STUN or TURN URL by RFC 7064 and RFC 7065, stricter than browsers where the RFCs are.
 * @throws IceUrlError naming the rule and the fix
 */
export function parseIceUrl(text: string): IceUrl {
  const fail = (rule: string, fix: string): never => {
    throw new IceUrlError(text, rule, fix);
  };
  if (text.length > maxLength) {
    fail(`is longer than ${maxLength} characters`, "Shorten the host name");
  }
  if (/[\s\p{Cc}]/u.test(text)) {
    fail("contains white space or a control character (RFC 3986 section 2)", "Remove it");
  }
  const scheme = parseScheme(text, fail);
  const rest = text.slice(scheme.length + 1);
  checkUnwantedParts(rest, scheme, fail);

  const mark = rest.indexOf("?");
  const authority = mark === -1 ? rest : rest.slice(0, mark);
  const transport = mark === -1 ? undefined : parseTransport(rest.slice(mark + 1), scheme, fail);
  const { host, port } = parseHostAndPort(authority, fail);
  return {
    text: `${scheme}:${rest}`,
    scheme,
    host,
    port: port ?? defaultPorts[scheme],
    transport: transport ?? (scheme.endsWith("s") ? "tcp" : "udp"),
  };
}

type Fail = (rule: string, fix: string) => never;

function parseScheme(text: string, fail: Fail): IceScheme {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case "stun":
    case "stuns":
    case "turn":
    case "turns":
      return scheme;
    default:
      return fail(
        "the scheme is none of stun, stuns, turn, turns (RFC 7064 and RFC 7065 section 3.1)",
        "Write it like turn:turn.example.com:3478?transport=udp",
      );
  }
}

function checkUnwantedParts(rest: string, scheme: IceScheme, fail: Fail): void {
  if (rest.includes("@")) {
    fail(
      "has user information (RFC 7065 section 3.1 has none)",
      "Remove it; credentials are made for each caller",
    );
  }
  if (rest.startsWith("//")) {
    fail(
      "has // after the scheme (RFC 7065 section 3.1 has none)",
      `Write ${scheme}:${rest.slice(2)}`,
    );
  }
  if (rest.includes("#")) {
    fail("has a fragment (RFC 7065 section 3.1 has none)", "Remove # and what follows");
  }
  if (rest.includes("/")) {
    fail("has a path (RFC 7065 section 3.1 has none)", "Remove / and what follows");
  }
}

function parseTransport(query: string, scheme: IceScheme, fail: Fail): "udp" | "tcp" {
  if (scheme === "stun" || scheme === "stuns") {
    fail(
      `has a query, which ${scheme} has not (RFC 7064 section 3.1)`,
      "Remove ? and what follows",
    );
  }
  if (query === "transport=udp" || query === "transport=tcp") {
    return query === "transport=udp" ? "udp" : "tcp";
  }
  return fail(
    "the query is not exactly transport=udp or transport=tcp (RFC 7065 section 3.1, W3C WebRTC)",
    "Write ?transport=udp or ?transport=tcp in lower case, or no query",
  );
}

function parseHostAndPort(authority: string, fail: Fail): { host: string; port?: number } {
  const advice = adviseOnBrackets(authority);
  if (advice !== undefined) {
    fail(missingBrackets, advice);
  }
  const found = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(authority);
  if (found === null) {
    return fail(
      "the host is malformed; an IPv6 address must be in brackets (RFC 3986 section 3.2.2)",
      "Write it like turn:[2001:db8::1]:3478",
    );
  }
  const [, ipv6, name, port] = found;
  if (ipv6 !== undefined && (ipv6.includes("%") || !isIPv6(ipv6))) {
    fail(
      "the text in brackets is not an IPv6 address",
      "Write it like turn:[2001:db8::1]:3478, without a zone",
    );
  }
  const host = ipv6 ?? name ?? "";
  if (ipv6 === undefined) {
    checkHostName(host, fail);
  }
  if (port === undefined) {
    return { host };
  }
  // No leading zeros: Firefox takes :0443 for the scheme's default port.
  if (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65535) {
    fail("the port is not a number from 1 to 65535", "Write it like turn:turn.example.com:3478");
  }
  return { host, port: Number(port) };
}

/**
 * Refuses what is neither a name that DNS can hold (letters, digits, hyphens, and the underscore of
 * service names) nor four decimal numbers.
 */
function checkHostName(host: string, fail: Fail): void {
  if (host === "") {
    fail("the host is empty", "Write it like turn:turn.example.com:3478");
  }
  if (notAscii.test(host)) {
    const punycode = domainToASCII(host);
    fail(
      "the host name is not in ASCII (RFC 3986 section 3.2.2)",
      isHostName(punycode)
        ? `Write it as ${punycode}`
        : "Use letters, digits and hyphens, or the name's punycode (RFC 5891)",
    );
  }
  if (!isHostName(host)) {
    fail(
      "the host name has an empty, too long or malformed label (RFC 1123 section 2.1)",
      "Use letters, digits and hyphens between the dots, without percent-escapes",
    );
  }
  // The W3C rules read the host as one of an https URL: a browser that follows them throws on what
  // comes next, or makes an address of it that other clients do not (1.2.3, 0x7f.1, 010.0.0.1).
  const labels = splitLabels(host);
  if (labels.some((part) => /^xn--/i.test(part) && !notAscii.test(domainToUnicode(part)))) {
    fail(
      "the host name has a label that is not valid punycode (RFC 5891 section 4.4)",
      "Correct what follows xn--",
    );
  }
  if (/^([0-9]+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? "") && !isIPv4(host)) {
    fail("the host looks like an IPv4 address, but is none", "Write four numbers from 0 to 255");
  }
}

function isHostName(host: string): boolean {
  return host.length <= 253 && splitLabels(host).every((part) => label.test(part));
}

/** A dot at the end only says that the name is complete. */
function splitLabels(host: string): string[] {
  return host.replace(/\.$/, "").split(".");
}
