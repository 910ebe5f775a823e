import fc from "fast-check";
import { writeBinaryProxyHeader } from "../parts/proxy-header.js";

const address = fc.constantFrom("203.0.113.9", "2001:db8::9", "::ffff:1.2.3.4", "1.2.3", "::g", "");
const port = fc.constantFrom("0", "443", "65535", "65536", "01", "-1", "");

const text = fc
  .tuple(
    fc.constantFrom("PROXY", "PROXY", "PROXY", "proxy", "PRI *"),
    fc.constantFrom("TCP4", "TCP6", "UNKNOWN", "UDP4", ""),
    ...[address, address, port, port],
    fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "\r\r\n", `${"x".repeat(107)}\r\n`),
  )
  .map(([word, family, source, destination, from, to, end]) =>
    Buffer.from(`${[word, family, source, destination, from, to].join(" ")}${end}`),
  );

const binary = fc
  .tuple(
    fc.oneof(fc.constantFrom(0x20, 0x21), fc.nat(255)),
    fc.oneof(fc.constantFrom(0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32), fc.nat(255)),
    fc.oneof(fc.constantFrom(0, 11, 12, 36, 216, 300, 4_080, 4_081), fc.nat(5_000)),
    fc.nat(255),
  )
  .map(([command, family, length, fill]) =>
    writeBinaryProxyHeader(command, family, Buffer.alloc(length, fill)),
  );

/** What a balancer, or something else at its address, begins a connection with; half of it is a header. */
export const proxyHeader = fc.oneof(text, binary, binary).chain((header) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(header) },
    // Damaged somewhere.
    {
      weight: 1,
      arbitrary: fc.tuple(fc.nat(header.length - 1), fc.nat(255)).map(([index, value]) => {
        const damaged = Buffer.from(header);
        damaged.writeUInt8(value, index);
        return damaged;
      }),
    },
  ),
);
