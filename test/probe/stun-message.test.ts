import { describe, expect, it } from "vitest";
import { attributeType, encodeText } from "../../src/probe/attributes.js";
import { appendFingerprint, hasGoodFingerprint } from "../../src/probe/fingerprint.js";
import { appendIntegrity, checkIntegrity, deriveLongTermKey } from "../../src/probe/integrity.js";
import {
  decodeMessage,
  encodeMessage,
  findAttribute,
  MalformedMessageError,
  stunClass,
  stunMethod,
} from "../../src/probe/stun-message.js";
import { printTransportAddress, readAddress } from "../../src/probe/transport-address.js";
import {
  longTerm,
  sampleIpv4Response,
  sampleIpv6Response,
  sampleLongTermRequest,
  sampleRequest,
  shortTermPassword,
} from "./rfc5769-vectors.js";

const longTermKey = deriveLongTermKey(
  longTerm.username,
  Buffer.from(longTerm.realm),
  longTerm.password,
);
const textOf = (bytes: Buffer, type: number) =>
  findAttribute(decodeMessage(bytes), type)?.value.toString();
const withByte = (bytes: Buffer, index: number, value: number) => {
  const changed = Buffer.from(bytes);
  changed[index] = value;
  return changed;
};

describe("the test vectors of RFC 5769", () => {
  it.each([
    ["2.1", sampleRequest, stunClass.request],
    ["2.2", sampleIpv4Response, stunClass.success],
    ["2.3", sampleIpv6Response, stunClass.success],
  ])("%s is decoded, its integrity and fingerprint hold", (_, bytes, messageClass) => {
    const message = decodeMessage(bytes);
    expect(message).toMatchObject({ method: stunMethod.binding, class: messageClass });
    expect(message.transactionId.toString("hex")).toBe("b7e7a701bc34d686fa87dfae");
    expect(checkIntegrity(message, shortTermPassword)).toBe("valid");
    expect(checkIntegrity(message, Buffer.from("another"))).toBe("wrong");
    expect(hasGoodFingerprint(message)).toBe(true);
  });

  it("2.1 has the username behind its padding", () => {
    expect(textOf(sampleRequest, attributeType.username)).toBe("evtj:h6vY");
  });

  it.each([
    ["2.2", sampleIpv4Response, "192.0.2.1:32853"],
    ["2.3", sampleIpv6Response, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"],
  ])("%s tells the address", (_, bytes, address) => {
    const read = readAddress(decodeMessage(bytes), attributeType.xorMappedAddress);
    expect(read && printTransportAddress(read)).toBe(address);
  });

  it("2.4 is signed with the long-term key", () => {
    const message = decodeMessage(sampleLongTermRequest);
    expect(textOf(sampleLongTermRequest, attributeType.username)).toBe(longTerm.username);
    expect(checkIntegrity(message, longTermKey)).toBe("valid");
  });

  it("2.4 is what we encode, byte for byte", () => {
    const { transactionId } = decodeMessage(sampleLongTermRequest);
    const message = encodeMessage(stunMethod.binding, stunClass.request, transactionId, [
      encodeText(attributeType.username, longTerm.username),
      encodeText(attributeType.nonce, "f//499k954d6OL34oL9FSTvy64sA"),
      encodeText(attributeType.realm, longTerm.realm),
    ]);
    expect(appendIntegrity(message, longTermKey)).toEqual(sampleLongTermRequest);
  });

  it.each([sampleRequest, sampleIpv4Response, sampleIpv6Response])(
    "gets the fingerprint that the vector has: %#",
    (bytes) => {
      const without = Buffer.from(bytes.subarray(0, -8));
      without.writeUInt16BE(without.length - 20, 2);
      expect(appendFingerprint(without)).toEqual(bytes);
    },
  );

  it("fails once any byte is changed, one way or another", () => {
    const holds = (bytes: Buffer) => {
      try {
        const message = decodeMessage(bytes);
        return (
          hasGoodFingerprint(message) && checkIntegrity(message, shortTermPassword) === "valid"
        );
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessageError);
        return false;
      }
    };
    expect(holds(sampleIpv4Response)).toBe(true);
    // Up to the fingerprint's own type, which turns into another optional attribute.
    for (let index = 0; index < sampleIpv4Response.length - 8; index++) {
      const byte = sampleIpv4Response.readUInt8(index);
      expect([index, holds(withByte(sampleIpv4Response, index, byte ^ 1))]).toEqual([index, false]);
    }
  });
});

describe("encodeMessage", () => {
  it.each([
    [stunMethod.binding, stunClass.request, 0x0001],
    [stunMethod.binding, stunClass.indication, 0x0011],
    [stunMethod.allocate, stunClass.success, 0x0103],
    [stunMethod.refresh, stunClass.error, 0x0114],
    [0xfff, stunClass.error, 0x3fff],
    [0xeee, stunClass.request, 0x3ace],
  ])("puts method %i and class %i together as RFC 8489 figure 3 does", (method, kind, type) => {
    const bytes = encodeMessage(method, kind, Buffer.alloc(12), []);
    expect(bytes.readUInt16BE(0)).toBe(type);
    expect(decodeMessage(bytes)).toMatchObject({ method, class: kind });
  });
});

describe("decodeMessage", () => {
  it.each<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["less than a header", sampleRequest.subarray(0, 19)],
    ["another magic cookie", withByte(sampleRequest, 4, 0)],
    ["first bits that are not 00", withByte(sampleRequest, 0, 0x40)],
    ["a length field that is too small", withByte(sampleRequest, 3, 0x54)],
    ["a length field that is too large", withByte(sampleRequest, 3, 0x5c)],
    ["a byte at the end", Buffer.concat([sampleRequest, Buffer.alloc(1)])],
    ["an attribute that goes beyond the end", withByte(sampleRequest, 103, 9)],
    [
      "more than 4096 bytes",
      encodeMessage(1, 0, Buffer.alloc(12), [{ type: 1, value: Buffer.alloc(4080) }]),
    ],
  ])("refuses %s", (_, bytes) => {
    expect(() => decodeMessage(bytes)).toThrow(MalformedMessageError);
  });

  it("takes the first of two attributes of a type", () => {
    const bytes = encodeMessage(1, stunClass.success, Buffer.alloc(12), [
      encodeText(attributeType.realm, "first"),
      encodeText(attributeType.realm, "second"),
    ]);
    expect(textOf(bytes, attributeType.realm)).toBe("first");
  });
});
