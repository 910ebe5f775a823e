import { describe, expect, it } from "vitest";
import { parseProxyHeader } from "../../src/server/proxy-header.js";
import { writeBinaryProxyHeader as binary } from "../parts/proxy-header.js";

const source4 = Buffer.from([203, 0, 113, 9, 10, 0, 0, 1, 0xdd, 0xd5, 0x01, 0xbb]);
const source6 = Buffer.concat([
  Buffer.from("20010db8000000000000000000000009", "hex"),
  Buffer.from("20010db8000000000000000000000001", "hex"),
  Buffer.from("ddd501bb", "hex"),
]);
const mapped = Buffer.concat([
  Buffer.from("00000000000000000000ffffcb007109", "hex"),
  source6.subarray(16),
]);
const unix = Buffer.alloc(216, "/run/haproxy.sock\0");
/** PP2_TYPE_NOOP, of so many bytes altogether. */
const tlv = (length: number) => {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt8(4, 0);
  bytes.writeUInt16BE(length - 3, 1);
  return bytes;
};
const text = (line: string) => Buffer.from(`${line}\r\n`, "latin1");

/** The header, and the client's address that it names. */
const headers: readonly [what: string, header: Buffer, sourceAddress: string | undefined][] = [
  ["TCP4", text("PROXY TCP4 203.0.113.9 10.0.0.1 56789 443"), "203.0.113.9"],
  [
    "TCP4 with the least and the largest port",
    text("PROXY TCP4 203.0.113.9 10.0.0.1 0 65535"),
    "203.0.113.9",
  ],
  ["TCP6", text("PROXY TCP6 2001:DB8:0:0::9 ::1 56789 443"), "2001:db8::9"],
  ["TCP6 with IPv4 in it", text("PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2"), "203.0.113.9"],
  [
    "the longest TCP6",
    text(
      `PROXY TCP6 ${Array(2).fill("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").join(" ")} 65535 65535`,
    ),
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  ],
  ["UNKNOWN", text("PROXY UNKNOWN"), undefined],
  ["UNKNOWN with more", text(`PROXY UNKNOWN ${"f".repeat(91)}`), undefined],
  ["UNKNOWN with addresses", text("PROXY UNKNOWN 203.0.113.9 10.0.0.1 56789 443"), undefined],
  ["AF_INET", binary(0x21, 0x11, source4), "203.0.113.9"],
  ["AF_INET over UDP", binary(0x21, 0x12, source4), "203.0.113.9"],
  ["AF_INET with extensions", binary(0x21, 0x11, source4, tlv(100)), "203.0.113.9"],
  ["AF_INET of 4 KiB", binary(0x21, 0x11, source4, tlv(4_096 - 28)), "203.0.113.9"],
  ["AF_INET6", binary(0x21, 0x21, source6), "2001:db8::9"],
  ["AF_INET6 with IPv4 in it", binary(0x21, 0x21, mapped), "203.0.113.9"],
  ["AF_UNIX", binary(0x21, 0x31, unix), undefined],
  ["UNSPEC", binary(0x21, 0x00), undefined],
  ["UNSPEC with extensions", binary(0x21, 0x00, tlv(7)), undefined],
  ["AF_INET with an unspecified transport", binary(0x21, 0x10, source4), undefined],
  ["LOCAL", binary(0x20, 0x00), undefined],
  ["LOCAL with an address", binary(0x20, 0x11, source4), undefined],
  ["LOCAL with an unknown family", binary(0x20, 0xff, tlv(20)), undefined],
];

describe("parseProxyHeader", () => {
  it.each(headers)("reads %s", (_, header, sourceAddress) => {
    const { length } = header;
    expect(parseProxyHeader(header)).toEqual({ length, sourceAddress });
    const withRequest = Buffer.concat([header, Buffer.from("GET / HTTP/1.1\r\n\r\n")]);
    expect(parseProxyHeader(withRequest)).toEqual({ length, sourceAddress });
  });

  it.each(headers)("waits for the rest of %s at each byte", (_, header) => {
    for (let length = 0; length < header.length; length += 1) {
      expect(parseProxyHeader(header.subarray(0, length))).toBe("incomplete");
    }
  });

  it.each<[what: string, bytes: Buffer]>([
    ["a request", text("GET / HTTP/1.1\r\n")],
    ["an HTTP/2 preface", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
    ["a TLS handshake", Buffer.from("16030100c8010000c4", "hex")],
    ["a lower-case word", text("proxy TCP4 203.0.113.9 10.0.0.1 56789 443")],
    ["no family", text("PROXY ")],
    ["another family", text("PROXY UDP4 203.0.113.9 10.0.0.1 56789 443")],
    ["a word that begins like UNKNOWN", text("PROXY UNKNOWNS")],
    ["an IPv6 address as TCP4", text("PROXY TCP4 2001:db8::9 ::1 56789 443")],
    ["an IPv4 address as TCP6", text("PROXY TCP6 203.0.113.9 10.0.0.1 56789 443")],
    ["an octal address", text("PROXY TCP4 0203.0.113.9 10.0.0.1 56789 443")],
    ["a number above 255", text("PROXY TCP4 203.0.113.256 10.0.0.1 56789 443")],
    ["a zone", text("PROXY TCP6 fe80::1%eth0 ::1 56789 443")],
    ["a malformed destination", text("PROXY TCP4 203.0.113.9 10.0.0 56789 443")],
    ["a port above 65535", text("PROXY TCP4 203.0.113.9 10.0.0.1 65536 443")],
    ["a port with a leading zero", text("PROXY TCP4 203.0.113.9 10.0.0.1 056 443")],
    ["a negative port", text("PROXY TCP4 203.0.113.9 10.0.0.1 -1 443")],
    ["a missing port", text("PROXY TCP4 203.0.113.9 10.0.0.1 56789")],
    ["two spaces", text("PROXY TCP4  203.0.113.9 10.0.0.1 56789 443")],
    ["a space at the end", text("PROXY TCP4 203.0.113.9 10.0.0.1 56789 443 ")],
    [
      "a line feed only",
      Buffer.from("PROXY TCP4 203.0.113.9 10.0.0.1 56789 443\nGET / HTTP/1.1\r\n"),
    ],
    ["a line above 107 bytes", Buffer.from(`PROXY UNKNOWN ${"f".repeat(92)}\r\n`)],
    ["a line without end", Buffer.from(`PROXY UNKNOWN ${"f".repeat(93)}`)],
    ["a broken signature", Buffer.from("0d0a0d0a000d0a515549540b", "hex")],
    ["version 1 in binary", binary(0x11, 0x11, source4)],
    ["version 3", binary(0x31, 0x11, source4)],
    ["an unknown command", binary(0x22, 0x11, source4)],
    ["an unknown family", binary(0x21, 0x41, source4)],
    ["an unknown transport", binary(0x21, 0x13, source4)],
    ["too little for AF_INET", binary(0x21, 0x11, source4.subarray(1))],
    ["too little for AF_INET6", binary(0x21, 0x21, source6.subarray(1))],
    ["too little for AF_UNIX", binary(0x21, 0x31, unix.subarray(1))],
    ["more than 4 KiB", binary(0x21, 0x11, source4, tlv(4_097 - 28)).subarray(0, 16)],
    ["more than 4 KiB, as LOCAL", binary(0x20, 0x00, tlv(4_097 - 16)).subarray(0, 16)],
  ])("rejects %s", (_, bytes) => {
    expect(parseProxyHeader(bytes)).toBe("malformed");
  });
});
