/** One URL, with what we make of it and what Chromium's RTCPeerConnection makes of it. */
export interface IceUrlCase {
  readonly url: string;
  /** Where the case comes from. */
  readonly source: string;
  /** Whether parseIceUrl takes it. */
  readonly accepted: boolean;
  /** What `new RTCPeerConnection` does with it, as found by running Chromium 156. */
  readonly chromium: "accepts" | "refuses";
  /** Why ours differs from Chromium's. */
  readonly exception?: string;
}

const wpt = "web-platform-tests, webrtc/RTCConfiguration-iceServers.html";
const rfc7064Examples = "RFC 7064 appendix A";
const rfc7065Examples = "RFC 7065 appendix A";
const rfc7064 = "RFC 7064 section 3.1";
const rfc7065 = "RFC 7065 section 3.1";
const rfc3986 = "RFC 3986 section 3.2.2";
const w3c = "W3C WebRTC, validating an ICE server URL";
const own = "our own";

const good = (source: string, ...urls: string[]): IceUrlCase[] =>
  urls.map((url) => ({ url, source, accepted: true, chromium: "accepts" }));
const bad = (source: string, ...urls: string[]): IceUrlCase[] =>
  urls.map((url) => ({ url, source, accepted: false, chromium: "refuses" }));
const stricter = (exception: string, source: string, ...urls: string[]): IceUrlCase[] =>
  urls.map((url) => ({ url, source, accepted: false, chromium: "accepts", exception }));

const noSpace = "RFC 3986 has no white space or control character in a URL; only browsers strip it";
const noEscape = "other clients look up a percent-escaped host name as it stands";
const noUnicode = "RFC 3986 has ASCII only; other clients do not convert a host name to punycode";
const noDnsName = "no such name can stand in DNS (RFC 1123 section 2.1)";
const noIpv4 = "clients disagree on what address this is, or it is none; WPT refuses some of them";
const noPunycode = "WPT refuses it: a browser that follows the W3C rules throws on it";
const noIpv6 = "no IPv6 address, and nothing that would ever resolve";

export const iceUrlCases: readonly IceUrlCase[] = [
  ...good(wpt, "stun:stun1.example.net", "stun:stun2.example.net", "turn:turn.example.org"),
  ...good(wpt, "turns:turn.example.org", "turn:turn.example.net", "stun:[2001::1]"),
  ...good(wpt, "stun:example.net:65535", "stun:256.com"),
  ...good(rfc7064Examples, "stun:example.org", "stuns:example.org", "stun:example.org:8000"),
  ...good(rfc7065Examples, "turn:example.org", "turns:example.org", "turn:example.org:8000"),
  ...good(rfc7065Examples, "turn:example.org?transport=udp", "turn:example.org?transport=tcp"),
  ...good(rfc7065Examples, "turns:example.org?transport=tcp"),
  ...good(rfc7065, "turns:example.org:443?transport=udp", "turn:[2001:db8::1]:1?transport=tcp"),
  ...good(rfc3986, "turn:192.0.2.1:3478", "turn:[2001:db8::1]", "stun:[::1]:3478", "stun:[::]"),
  ...good(rfc3986, "turn:[::ffff:192.0.2.1]:443", "turn:[2001:DB8::1]", "STUN:example.org"),
  ...good(rfc3986, "Turns:example.org", "turn:Example.ORG"),
  ...good(own, "stun:localhost", "turn:a-b.example", "turn:a--b.example", "turn:example.org."),
  ...good(own, "turn:_turn.a_b.example", "turn:1.example", "turn:xn--bcher-kva.example"),
  ...good(
    own,
    "turn:XN--BCHER-KVA.example",
    "turn:xn--p1ai",
    "turn:a.xn--6qqa088eba.example.",
    "turn:example.org:1",
    "turn:example.org:53",
  ),
  ...good(own, `turn:${"a".repeat(63)}.example`, `turn:${"a.".repeat(126)}b`),

  ...bad(wpt, "", "relative-url", "192.168.257.com", "http://example.com"),
  ...bad(wpt, "turn://example.org/foo?x=y", "stun://example.org/foo?x=y", "stun:/example.net"),
  ...bad(wpt, "stun:example.net/foo", "stun:user@example.net", "stun:@example.net"),
  ...bad(wpt, "stun:example.net:", "stun:example.net:0000000000000000", "stun:example.net:65536"),
  ...bad(wpt, "stun:example.net:b", "stun:example.net:-21", "stun:example.net:\n"),
  ...bad(wpt, "stun:example.net: ", "stun:example.net: 21 ", "stun:example.net#foo"),
  ...bad(wpt, "stun:192.168.0.1 hello", "stun:x x:12", "stun:%5B::1]", "stun:a<b", "stun:a[b"),
  ...bad(wpt, "stun:a\\b", "stun:a^b", "stun:!\"$&'()*+,-.;=_`{}~"),
  ...bad(rfc7064, "stun", "stun:", "stun::3478", "stun:example.org?transport=udp", "stun:a?"),
  ...bad(rfc7064, "stuns:example.org?transport=tcp", "stun:example.org?x=y"),
  ...bad(rfc7065, "turn", "turn:", "turns:", "turn::3478", "turn:example.org?", "turn:a?x=y"),
  ...bad(w3c, "turn:example.org?transport=", "turn:example.org?transport=sctp"),
  ...bad(w3c, "turn:example.org?transport=tls", "turn:example.org?Transport=udp"),
  ...bad(w3c, "turn:example.org?transport=udp&x=y", "turn:example.org?transport=tcp&"),
  ...bad(w3c, "turn://turn.example.net", "turn:example.org/path", "turn:user:secret@example.org"),
  ...bad(w3c, "turn:example.org#fragment", "turn:example.org?transport=udp#fragment"),
  ...bad(rfc3986, "turn:2001:db8::1", "turn:[2001:db8::1", "turn:[]", "turn:[::1]:"),
  ...bad(own, "turn:example.org:0", "turn:example.org:65536", "turn:example.org:99999"),
  ...bad(own, "turn:example.org:+1", "turn:example.org:1.5", "turn:example.org:1:2"),

  ...stricter(noSpace, wpt, "stun:example\t.\norg", "stun:ho\tst", "stun:a\u0000b"),
  ...stricter(noSpace, wpt, "\u0000\u001b\u0004\u0012 stun:example.com\u001f \r "),
  ...stricter(noSpace, wpt, "stun:h\to\ns\rt:9\t0\n0\r0", "stun:GOO\u00a0\u3000goo.com"),
  ...stricter(noSpace, wpt, "stun:GOO\u200b\u2060\ufeffgoo.com"),
  ...stricter(noSpace, own, "turn:example.org ", " turn:example.org"),
  ...stricter(noEscape, wpt, "stun:ex%61mple.net", "stun:%30%78%63%30%2e%30%32%35%30.01"),
  ...stricter(noEscape, wpt, "stun:%30%78%63%30%2e%30%32%35%30.01%2e", "stun:%zz%66%a.com"),
  ...stricter(noEscape, wpt, "stun:%3g%78%63%30%2e%30%32%35%30%2E.01", "stun:%ef%b7%90zyx.com"),
  ...stricter(noEscape, wpt, "stun:%EF%BF%BD", "stun:%ef%bc%85%ef%bc%90%ef%bc%90.com", "stun:%25"),
  ...stricter(noEscape, wpt, "stun:hello%00", "stun:ho%00st", "stun:example.com%80"),
  ...stricter(noUnicode, wpt, "stun:example(&!$)*+-.;_=~☺org", "stun:www.foo。bar.com"),
  ...stricter(noUnicode, wpt, "stun:Ｇｏ.com", "stun:你好你好", "stun:faß.ExAmPlE"),
  ...stricter(noUnicode, wpt, "stun:０Ｘｃ０．０２５０．０１", "stun:\ufdd0zyx.com", "stun:\ufffd"),
  ...stricter(noUnicode, wpt, "stun:％４１.com", "stun:％００.com"),
  ...stricter(noUnicode, own, "turn:bücher.example?transport=udp", "turn:\u200b", "turn:a\u00adb"),
  ...stricter(noDnsName, wpt, "stun:."),
  ...stricter(noDnsName, own, "turn:a..b", "turn:-a.example", "turn:a-.example", "turn:a~b"),
  ...stricter(noDnsName, own, `turn:${"a".repeat(64)}.example`, `turn:${"a.".repeat(126)}bb`),
  ...stricter(noDnsName, own, "turn:example.org&transport=tcp"),
  ...stricter(noIpv4, wpt, "stun:1.2.3.4.", "stun:192.168.257", "stun:256", "stun:999999999"),
  ...stricter(noIpv4, wpt, "stun:0xffffffff", "stun:192.0x00A80001", "stun:192.168.0.257"),
  ...stricter(noIpv4, wpt, "stun:10000000000", "stun:0xffffffff1", "stun:256.256.256.256"),
  ...stricter(noIpv4, own, "turn:1.2.3.256", "turn:1.2.3", "turn:1.2.3.04", "turn:0x7f.1"),
  ...stricter(noIpv4, own, "turn:turn.example.123", "turn:example.0x1", "turn:1.2.3.4.5"),
  ...stricter(noPunycode, wpt, "stun:a.b.c.xn--pokxncvks", "stun:a.b.c.XN--pokxncvks"),
  ...stricter(noPunycode, wpt, "stun:a.b.c.Xn--pokxncvks", "stun:10.0.0.XN--pokxncvks"),
  ...stricter(noPunycode, wpt, "stun:10.0.0.xN--pokxncvks"),
  ...stricter(noPunycode, own, "turn:xn--a.example", "turn:xn--.example", "turn:xn--99999"),
  ...stricter(noIpv6, wpt, "stun:[61:24:74]:98", "stun:[::127.0.0.1.]", "stun:[example.net]"),
  ...stricter(
    noIpv6,
    wpt,
    "stun:[::1.2.3.4x]",
    "stun:[::1.2.3.]",
    "stun:[::1.2.]",
    "stun:[::.1.2]",
  ),
  ...stricter(noIpv6, wpt, "stun:[::1.]", "stun:[::.1]", "stun:[::%31]"),
  ...stricter(noIpv6, own, "turn:[::g]:3478", "turn:[1:2:3:4:5:6:7:8:9]", "turn:[::1]x"),
  ...stricter("RFC 3986 has no zone", own, "turn:[fe80::1%eth0]", "turn:[fe80::1%25eth0]:3478"),
  ...stricter("clients disagree on leading zeros", own, "turn:example.org:03478", "turns:a:0443"),
  ...stricter("W3C has lower case only", w3c, "turn:example.org?transport=UDP"),
  ...stricter("W3C has one parameter only", w3c, "turn:a?transport=udp?transport=tcp"),
];
