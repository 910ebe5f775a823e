import type { ProbeCause } from "./probe-failure.js";

/** What to do about each cause, in one sentence. */
export const probeFixes: Readonly<Record<ProbeCause, string>> = {
  "name-not-found": "Correct the host name in the URL, or its DNS records",
  refused:
    "Nothing listens there: start the server, or compare its listening-port with the URL's port",
  "no-route": "Give this machine a route to that address, or take the address out of DNS",
  "connection-closed":
    "Check the server's log, and any proxy or firewall between here and the server",
  "time-out":
    "Open the port in every firewall on the way, for UDP and TCP separately; if it connects, check that the server speaks STUN on that port, and TLS only for turns and stuns",
  "no-answer":
    "The port is open: check the server's log and load, and whether a firewall drops large packets or a load balancer moves the client to another server",
  "tls-expired": "Renew the certificate, and reload it in the server",
  "tls-wrong-name":
    "Give the server a certificate for the URL's host, or change the URL; a proxy that routes by server name (SNI) may send it elsewhere",
  "tls-untrusted":
    "Serve the whole chain of a public authority, or name your own authority with --ca",
  "tls-failed": "Compare the TLS versions and ciphers of the server with what browsers offer",
  "not-tls":
    "Give coturn cert and pkey, and the URL its tls-listening-port, or write turn: in place of turns: there. Behind a proxy that routes by server name (SNI), the URL must have a name that it routes, to a server that is up",
  "not-stun":
    "Another program answers on that port: correct the URL's port or scheme, or the proxy that routes it",
  malformed: "Update the server: it breaks RFC 8489",
  unverified:
    "Something between here and the server changes responses, or the server signs them incorrectly",
  "wrong-secret":
    "The server does not accept this secret: compare it with static-auth-secret, character by character",
  "wrong-realm": "Make --realm and the server's realm the same; each realm may have other secrets",
  "clock-skew": "Set the clocks of the server and of this machine by NTP",
  "stale-nonce":
    "Raise the server's stale-nonce, and see that a load balancer keeps each client on one server",
  "redirect-loop":
    "Correct alternate-server and tls-alternate-server: they must lead to a server that answers itself, at an address of the same IP family that clients can reach, over at most three others",
  "no-authentication":
    "Set use-auth-secret, and see that the server can read its configuration file: anyone can use this relay, except browsers, which ignore such a server",
  quota: "Nothing, if other callers get relays; otherwise raise user-quota",
  full: "Raise total-quota or bps-capacity, or add a server; with identity: static, all clients share one user-quota: raise it, or use subject or pseudonym",
  "no-capacity":
    "Widen min-port to max-port, or find out why allocations are not released; check the open-file limit too",
  forbidden: "The server refuses relays: see its denied addresses, and whether it is draining",
  "address-family":
    "Give the server a relay-ip of IPv4, the family that browsers get when they ask for none",
  "unsupported-transport": "Let the server relay UDP: browsers ask for nothing else",
  "relay-unreachable":
    "Set external-ip to the server's public address, and open min-port to max-port for UDP in both directions",
  "peer-denied":
    "The server refuses to relay to this machine: correct denied-peer-ip and allowed-peer-ip, or run this outside the network that the server denies",
  "relay-not-tested":
    "Run ice-service check on a machine with a public address of the relay's family, outside the server's network",
  "server-error": "Check the server's log",
};
