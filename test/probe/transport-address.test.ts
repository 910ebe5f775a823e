import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attributeType } from "../../src/probe/attributes.js";
import {
  decodeMessage,
  encodeMessage,
  stunClass,
  stunMethod,
} from "../../src/probe/stun-message.js";
import {
  encodePeerAddress,
  printTransportAddress,
  readAddress,
  type TransportAddress,
} from "../../src/probe/transport-address.js";

const transactionId = Buffer.from("0123456789ab");

/** What the other end reads of an address. */
function send(peer: TransportAddress): TransportAddress | undefined {
  const attributes = [encodePeerAddress(peer, transactionId)];
  const bytes = encodeMessage(stunMethod.send, stunClass.indication, transactionId, attributes);
  return readAddress(decodeMessage(bytes), attributeType.xorPeerAddress);
}

describe("encodePeerAddress", () => {
  it("is read back as the same address", () => {
    const port = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(fc.ipV4(), port, (address, at) => {
        const peer = { address, port: at, family: "ipv4" } as const;
        expect(send(peer)).toEqual(peer);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), port, (address, at) => {
        const canonical = send({ address, port: at, family: "ipv6" });
        expect(canonical?.port).toBe(at);
        expect(canonical && send(canonical)).toEqual(canonical);
      }),
    );
  });

  it.each([
    ["::", "[::]:7"],
    ["1::", "[1::]:7"],
    ["::ffff:192.0.2.1", "[::ffff:192.0.2.1]:7"],
    ["2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:7"],
    ["fe80::1%eth0", "[fe80::1]:7"],
  ])("takes %s", (address, printed) => {
    const read = send({ address, port: 7, family: "ipv6" });
    expect(read && printTransportAddress(read)).toBe(printed);
  });

  it("has the bytes of RFC 5769 section 2.2 but for the type", () => {
    const id = Buffer.from("b7e7a701bc34d686fa87dfae", "hex");
    const { value } = encodePeerAddress({ address: "192.0.2.1", port: 32_853, family: "ipv4" }, id);
    expect(Buffer.from(value).toString("hex")).toBe("0001a147e112a643");
  });
});
