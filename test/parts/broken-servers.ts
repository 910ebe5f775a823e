import type { ProbeCause } from "../../src/probe/probe-failure.js";
import { type BrokenProxy, proxyIp, proxyPorts } from "./broken-proxies.js";
import type { PageBrowserName } from "./diagnostic-page.js";

/** A TURN server with one thing wrong, and what is said of it. */
export interface BrokenServer {
  /** What is wrong, as docs/check.md says it; absent: nothing is. */
  readonly broken?: string;
  readonly url: string;
  /** What `ice-service check` reports; absent: all is well. */
  readonly cause?: ProbeCause;
  /** What probes report, where that is another cause. */
  readonly probeCause?: ProbeCause;
  /** What the page reports, a cause or `works`; absent: it is not tried. */
  readonly page?: string | Readonly<Record<PageBrowserName, string>>;
}

const tlsUrl = (proxy: BrokenProxy, host = "other.example.com") =>
  `turns:${host}:${proxyPorts[proxy]}?transport=tcp`;

/** As clients at a public address see them. */
export const brokenServers: readonly BrokenServer[] = [
  { url: "turn:11.0.0.10" },
  { url: "turn:11.0.0.10?transport=tcp" },
  { url: "turn:11.0.0.11?transport=tcp", cause: "relay-unreachable" },
  { url: "turns:turn.example.com?transport=tcp", page: "works" },
  { url: "turn:[2a00:1::10]", page: "works" },
  { url: "turn:11.0.0.20?transport=tcp" },
  { url: tlsUrl("closing", "routed.example.com"), page: "works" },
  {
    broken: "`external-ip` is not the server's address",
    url: "turn:11.0.0.11",
    cause: "relay-unreachable",
    page: "relay-unreachable",
  },
  {
    broken: "a firewall closes `min-port` to `max-port`",
    url: "turn:11.0.0.12?transport=tcp",
    cause: "relay-unreachable",
    page: "relay-unreachable",
  },
  {
    broken: "`denied-peer-ip` covers this machine",
    url: "turn:11.0.0.13",
    cause: "peer-denied",
    page: "peer-denied",
  },
  {
    broken: "`alternate-server` leads to a server that works",
    url: "turn:11.0.0.14",
    page: "works",
  },
  {
    broken: "`alternate-server` leads in a circle",
    url: "turn:11.0.0.23",
    cause: "redirect-loop",
    page: "redirect-loop",
  },
  {
    broken: "full by users: `total-quota`",
    url: "turn:11.0.0.15",
    cause: "full",
    page: "quota",
  },
  {
    broken: "full by users: `user-quota`, with `identity: static`",
    url: "turn:11.0.0.21",
    cause: "full",
    page: "quota",
  },
  {
    broken: "full by bandwidth: `bps-capacity`",
    url: "turn:11.0.0.16",
    cause: "full",
    page: "quota",
  },
  {
    broken: "no relay ports left",
    url: "turn:11.0.0.25",
    cause: "no-capacity",
    page: { Chromium: "no-capacity", Firefox: "unusable" },
  },
  {
    broken: "another secret than the server's",
    url: "turn:11.0.0.28",
    cause: "wrong-secret",
    page: "wrong-secret",
  },
  {
    broken: "no `use-auth-secret`, but users with passwords",
    url: "turn:11.0.0.17",
    cause: "wrong-secret",
    page: "wrong-secret",
  },
  {
    broken: "neither `use-auth-secret` nor users: `no-auth`",
    url: "turn:11.0.0.26",
    cause: "no-authentication",
    page: "time-out",
  },
  {
    broken: "the server's clock is two days ahead",
    url: "turn:11.0.0.27",
    cause: "clock-skew",
    probeCause: "wrong-secret",
    page: "wrong-secret",
  },
  {
    broken: "the server relays over IPv6 only",
    url: "turn:11.0.0.18",
    cause: "address-family",
    page: "address-family",
  },
  {
    broken: "the server listens on IPv6, and relays over IPv4",
    url: "turn:[2a00:1::19]",
    cause: "relay-not-tested",
    page: "works",
  },
  {
    broken: "the server does not relay UDP: `no-udp-relay`",
    url: "turn:11.0.0.29",
    cause: "unsupported-transport",
    page: "unsupported-transport",
  },
  {
    broken: "nothing listens on the port, UDP",
    url: "turn:11.0.0.19",
    cause: "refused",
    page: "time-out",
  },
  {
    broken: "nothing listens on the port, TCP",
    url: "turn:11.0.0.19?transport=tcp",
    cause: "refused",
    page: "unusable",
  },
  {
    broken: "a firewall closes the port of the server",
    url: "turn:11.0.0.10:3479",
    cause: "time-out",
    page: "time-out",
  },
  {
    broken: "the certificate has expired",
    url: tlsUrl("expired"),
    cause: "tls-expired",
    page: "tls-failed",
  },
  {
    broken: "the certificate is for another name",
    url: tlsUrl("wrongName"),
    cause: "tls-wrong-name",
    page: "tls-failed",
  },
  {
    broken: "the certificate is of an unknown authority",
    url: tlsUrl("untrusted"),
    cause: "tls-untrusted",
    page: "tls-failed",
  },
  {
    broken: "a `turns:` URL has an IP address, for which the certificate is valid",
    url: "turns:11.0.0.10:5349?transport=tcp",
    page: { Chromium: "works", Firefox: "not-used" },
  },
  {
    broken: "behind SNI routing that closes other names; a URL with another name",
    url: tlsUrl("closing"),
    cause: "not-tls",
    page: "tls-failed",
  },
  {
    broken: "the same; a URL with an IP address",
    url: tlsUrl("closing", proxyIp),
    cause: "not-tls",
    page: { Chromium: "tls-failed", Firefox: "not-used" },
  },
  {
    broken: "the same, but other names lead to a web server with the same certificate",
    url: tlsUrl("web"),
    cause: "not-stun",
    page: "tls-failed",
  },
  {
    broken: "the same, but the web server has a certificate of its own",
    url: tlsUrl("otherWeb"),
    cause: "tls-wrong-name",
    page: "tls-failed",
  },
];

/** As clients behind a NAT and without IPv6 see them. */
export const brokenForHome: readonly BrokenServer[] = [
  {
    broken: "the server has an IPv6 address only, this machine none",
    url: "turn:[2a00:1::10]",
    cause: "no-route",
    page: { Chromium: "time-out", Firefox: "not-used" },
  },
  {
    broken: "a TCP proxy in front of the server, and this machine is behind NAT",
    url: "turn:11.0.0.20?transport=tcp",
    cause: "relay-not-tested",
    page: "relay-not-tested",
  },
  {
    url: tlsUrl("closing", "routed.example.com"),
    cause: "relay-not-tested",
    page: "relay-not-tested",
  },
];

/** With `identity: subject`. */
export const atQuota: BrokenServer = {
  broken: "`user-quota` of the probe's own name is reached",
  url: "turn:11.0.0.22",
  cause: "quota",
  page: "works",
};
