import type { ProbeCause } from "./probe-failure.js";

/** What to do about each cause, in one sentence. */
export const probeFixes: Readonly<Record<ProbeCause, string>> = {
  "name-not-found": "Correct the host name in the URL, or its DNS records",
  refused:
    "Nothing listens there: start the server, or compare its listening-port with the URL's port",
  "no-route": "Give this machine a route to that address, or take the address out of DNS",
  "connection-closed":
    "Look into the server's log, and whether a proxy or firewall stands in between",
  "time-out":
    "Open the port in every firewall on the way, for UDP and TCP apart; where a connection stands, see that the server speaks STUN there, and TLS only for turns and stuns",
  "tls-expired": "Renew the certificate, and have the server load it anew",
  "tls-wrong-name": "Give the server a certificate for the URL's host, or change the URL",
  "tls-untrusted":
    "Serve the whole chain of a public authority, or name your own authority with --ca",
  "tls-failed": "Compare the TLS versions and ciphers of the server with what browsers offer",
  "not-tls":
    "Give coturn cert and pkey, and the URL its tls-listening-port; or write turn: in place of turns:",
  "not-stun": "Another program answers on that port: correct the URL's port or scheme",
  malformed: "Update the server: it breaks RFC 8489",
  unverified:
    "Somebody between here and the server changes answers, or the server signs them wrongly",
  "wrong-secret":
    "The server does not accept this secret: compare it with static-auth-secret, character by character",
  "wrong-realm": "Make --realm and the server's realm the same; each realm may have other secrets",
  "clock-skew": "Set the clocks of the server and of this machine by NTP",
  "stale-nonce":
    "Raise the server's stale-nonce, and see that a load balancer keeps each client on one server",
  "no-authentication": "Set use-auth-secret: anybody can use this relay",
  quota: "Raise user-quota or total-quota; with identity: static, all clients share one user-quota",
  "no-capacity":
    "Widen min-port to max-port, or look why allocations are not given back; see also the limit of open files",
  forbidden: "The server refuses relays: see its denied addresses, and whether it is draining",
  "address-family":
    "Give the server a relay-ip of IPv4, the family that browsers get when they ask for none",
  "unsupported-transport": "Let the server relay UDP: browsers ask for nothing else",
  "server-error": "Look into the server's log",
};
