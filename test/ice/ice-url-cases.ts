/** One URL with what the RFCs say of it, and what Chromium's RTCPeerConnection does with it. */
export interface IceUrlCase {
  readonly url: string;
  /** Where the case comes from. */
  readonly source: string;
  /** Whether parseIceUrl takes it. */
  readonly accepted: boolean;
  /** Whether `new RTCPeerConnection` takes it. */
  readonly chromium: boolean;
  /** Why ours differs from Chromium's. */
  readonly exception?: string;
}

const wpt = "web-platform-tests, webrtc/RTCConfiguration-iceServers.html";
const rfc7064 = "RFC 7064 section 3.1 and appendix A";
const rfc7065 = "RFC 7065 section 3.1 and appendix A";
const w3c = "W3C WebRTC, section 4.2.4.1, validating an ICE server's URLs";
const rfc3986 = "RFC 3986 section 3.2.2";
const own = "our own";

const good = (source: string, ...urls: string[]): IceUrlCase[] =>
  urls.map((url) => ({ url, source, accepted: true, chromium: true }));
const bad = (source: string, ...urls: string[]): IceUrlCase[] =>
  urls.map((url) => ({ url, source, accepted: false, chromium: false }));
const stricter = (source: string, exception: string, ...urls: string[]): IceUrlCase[] =>
  urls.map((url) => ({ url, source, accepted: false, chromium: true, exception }));

export const iceUrlCases: readonly IceUrlCase[] = [
  ...good(wpt, "stun:stun1.example.net", "stun:stun1.example.net:3478", "turn:turn.example.net"),
  ...good(wpt, "turn:turn.example.net:3478", "turns:turn.example.net", "stuns:stun.example.net"),
  ...good(rfc7064, "stun:example.org", "stuns:example.org", "stun:example.org:8000"),
  ...good(rfc7065, "turn:example.org", "turns:example.org", "turn:example.org:8000"),
  ...good(rfc7065, "turn:example.org?transport=udp", "turn:example.org?transport=tcp"),
  ...good(rfc7065, "turns:example.org?transport=tcp", "turns:example.org:443?transport=udp"),
  ...good(
    rfc3986,
    "turn:192.0.2.1:3478",
    "turn:[2001:db8::1]",
    "turn:[2001:db8::1]:3478?transport=tcp",
  ),
  ...good(
    rfc3986,
    "stun:[::1]:3478",
    "stun:localhost",
    "stun:a-b.example",
    "stun:xn--bcher-kva.example",
  ),
  ...good(
    own,
    "turn:example.org:1",
    "turn:example.org:65535",
    "STUN:example.org",
    "Turn:example.org",
  ),
  ...bad(wpt, "", "relay.example.net", "invalid-scheme:example.net", "http://example.net", "stun:"),
  ...bad(wpt, "turn://turn.example.net", "stun://stun.example.net", "turn:", "turns:"),
  ...bad(
    rfc7064,
    "stun:example.org?transport=udp",
    "stuns:example.org?transport=tcp",
    "stun:example.org?x=y",
  ),
  ...bad(
    rfc7065,
    "turn:example.org?transport=sctp",
    "turn:example.org?transport=",
    "turn:example.org?x=y",
  ),
  ...bad(rfc7065, "turn:example.org?transport=udp&x=y", "turn:example.org?"),
  ...bad(w3c, "turn:user@example.org", "turn:example.org/path", "turn:example.org#fragment"),
  ...bad(rfc3986, "turn:2001:db8::1", "turn:[2001:db8::1", "turn::3478"),
  ...bad(
    own,
    "turn:example.org:0",
    "turn:example.org:65536",
    "turn:example.org:-1",
    "turn:example.org:x",
  ),
  ...bad(own, "turn:example.org:"),
  ...stricter(
    rfc7065,
    "the RFC's transport is lower case, and other browsers refuse it",
    "turn:example.org?transport=UDP",
  ),
  ...stricter(
    rfc3986,
    "a host name is ASCII; other clients do not convert it",
    "stun:bücher.example",
  ),
  ...stricter(rfc3986, "it is no IPv6 address, and would never resolve", "turn:[::g]:3478"),
  ...stricter(rfc3986, "no scope zone in a URL", "turn:[fe80::1%25eth0]:3478"),
  ...stricter(own, "white space is no part of a URL", "turn:example.org ", " turn:example.org"),
  ...stricter(
    own,
    "looks like an IPv4 address, and would never resolve",
    "turn:1.2.3.256",
    "turn:1.2.3",
  ),
  ...stricter(
    own,
    "an empty or malformed label never resolves",
    "turn:a..b",
    "turn:-a.example",
    "turn:a%20b",
  ),
];
