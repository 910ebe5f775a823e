import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { attributeType, findUnknownAttributes, showText } from "../../src/probe/attributes.js";
import { readErrorCode } from "../../src/probe/error-code.js";
import { hasGoodFingerprint } from "../../src/probe/fingerprint.js";
import { checkIntegrity } from "../../src/probe/integrity.js";
import { probe } from "../../src/probe/probe.js";
import { ProbeError, probeCauses } from "../../src/probe/probe-failure.js";
import { readDataIndication } from "../../src/probe/relayed-data.js";
import { StreamFrames } from "../../src/probe/stream-frames.js";
import {
  decodeMessage,
  encodeMessage,
  headerBytes,
  MalformedMessageError,
  maxMessageBytes,
  stunClass,
} from "../../src/probe/stun-message.js";
import { readAddress } from "../../src/probe/transport-address.js";
import { readAlternate } from "../../src/probe/try-alternate.js";
import {
  sampleIpv4Response,
  sampleIpv6Response,
  sampleLongTermRequest,
  sampleRequest,
  shortTermPassword,
} from "../probe/rfc5769-vectors.js";
import { answer, startTcpScript, startUdpScript, xoredAddress } from "../probe/scripted-server.js";

const randomBytes = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));

/** A message of RFC 5769 with a few bytes changed, and perhaps cut or continued. */
const almostMessage = fc
  .record({
    sample: fc.constantFrom(
      sampleRequest,
      sampleIpv4Response,
      sampleIpv6Response,
      sampleLongTermRequest,
    ),
    changes: fc.array(fc.tuple(fc.nat(107), fc.nat(255)), { maxLength: 4 }),
    length: fc.oneof(
      { weight: 3, arbitrary: fc.constant(200) },
      { weight: 1, arbitrary: fc.nat(107) },
    ),
    tail: fc.uint8Array({ maxLength: 8 }),
    fixLength: fc.boolean(),
  })
  .map(({ sample, changes, length, tail, fixLength }) => {
    const bytes = Buffer.concat([sample.subarray(0, length), length === 200 ? Buffer.of() : tail]);
    for (const [index, byte] of changes.filter(([at]) => at < bytes.length)) {
      bytes[index] = byte;
    }
    if (fixLength && bytes.length >= headerBytes) {
      bytes.writeUInt16BE(bytes.length - headerBytes, 2);
    }
    return bytes;
  });

const anyBytes = fc.oneof(randomBytes, almostMessage);

/** Whether the work ends well, or with an error of the one kind that it may throw. */
function endsWell(work: () => unknown, allowed: typeof MalformedMessageError | typeof ProbeError) {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(allowed);
  }
}

describe("decodeMessage", () => {
  it("throws nothing but its own error, and so do all who read what it gives", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const before = Buffer.from(bytes);
        endsWell(() => {
          const message = decodeMessage(bytes);
          hasGoodFingerprint(message);
          checkIntegrity(message, shortTermPassword);
          findUnknownAttributes(message);
          for (const { value } of message.attributes) {
            expect(showText(value).length).toBeLessThan(210);
          }
          endsWell(() => readErrorCode(message), MalformedMessageError);
          for (const type of [
            ...[attributeType.mappedAddress, attributeType.xorMappedAddress],
            ...[attributeType.xorPeerAddress, attributeType.alternateServer],
          ]) {
            endsWell(() => readAddress(message, type), MalformedMessageError);
          }
          endsWell(() => readAlternate(message), MalformedMessageError);
          readDataIndication(bytes);
        }, MalformedMessageError);
        expect(bytes).toEqual(before);
      }),
      { numRuns: 5_000 },
    );
  });

  it("accounts for every byte, and copies none", () => {
    fc.assert(
      fc.property(almostMessage, (bytes) => {
        endsWell(() => {
          const { attributes } = decodeMessage(bytes);
          const sizes = attributes.map(({ value }) => 4 + 4 * Math.ceil(value.length / 4));
          expect(sizes.reduce((sum, size) => sum + size, headerBytes)).toBe(bytes.length);
          expect(attributes.every(({ value }) => value.buffer === bytes.buffer)).toBe(true);
        }, MalformedMessageError);
      }),
    );
  });

  it("gives back what was encoded", () => {
    const attribute = fc.record({
      type: fc.nat(0xffff),
      value: fc.uint8Array({ maxLength: 200 }).map((value) => Buffer.from(value)),
    });
    const id = fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(
        fc.nat(0xfff),
        fc.constantFrom(...Object.values(stunClass)),
        id,
        fc.array(attribute, { maxLength: 15 }),
        (method, messageClass, transactionId, attributes) => {
          const bytes = encodeMessage(method, messageClass, transactionId, attributes);
          expect(decodeMessage(bytes)).toMatchObject({
            method,
            class: messageClass,
            transactionId,
            attributes,
          });
        },
      ),
    );
  });
});

describe("StreamFrames", () => {
  it("finds the messages however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(sampleRequest, sampleIpv4Response, sampleIpv6Response), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1 }),
        (messages, sizes) => {
          const stream = Buffer.concat(messages);
          const frames = new StreamFrames();
          const found: Buffer[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1;
            found.push(...frames.push(stream.subarray(at, at + size)));
            at += size;
          }
          expect(found).toEqual(messages);
        },
      ),
    );
  });

  it("throws nothing but its own error, and keeps no more than a message", () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 20 }), (chunks) => {
        const frames = new StreamFrames();
        let pushed = 0;
        let given = 0;
        endsWell(() => {
          for (const chunk of chunks) {
            pushed += chunk.length;
            given += frames.push(chunk).reduce((sum, { length }) => sum + length, 0);
            expect(pushed - given).toBeLessThan(maxMessageBytes);
          }
        }, ProbeError);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("probe", () => {
  it.each(["udp", "tcp"] as const)(
    "ends with a known cause whatever comes over %s",
    async (transport) => {
      const credential = { username: "1795612800:probe", credential: "cGFzc3dvcmQ=" };
      await fc.assert(
        fc.asyncProperty(fc.array(anyBytes, { minLength: 1, maxLength: 5 }), async (answers) => {
          const server =
            transport === "udp"
              ? await startUdpScript(() => answers)
              : await startTcpScript((_, socket) => {
                  for (const answer of answers) {
                    socket.write(answer);
                  }
                });
          try {
            const url = parseIceUrl(`turn:127.0.0.1:${server.port}?transport=${transport}`);
            const [result] = await probe(url, credential, { timeoutMs: 50 });
            expect(probeCauses).toContain(result?.failure?.cause);
          } finally {
            server.stop();
          }
        }),
        { numRuns: 40 },
      );
    },
  );

  it("ends with a known cause whatever a fitting answer holds", async () => {
    const attribute = fc.record({
      type: fc.constantFrom(...Object.values(attributeType)),
      value: fc.oneof(
        fc.uint8Array({ maxLength: 24 }),
        fc.constantFrom(Buffer.of(0, 0, 4, 1), Buffer.of(0, 0, 4, 38), xoredAddress),
      ),
    });
    const reply = fc.record({
      messageClass: fc.constantFrom(stunClass.success, stunClass.error),
      attributes: fc.array(attribute, { maxLength: 6 }),
    });
    const credential = { username: "1795612800:probe", credential: "cGFzc3dvcmQ=" };
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 3 }), async (replies) => {
        const server = await startUdpScript((request, count) => {
          const next = replies[(count - 1) % replies.length];
          return next === undefined ? [] : [answer(request, next.messageClass, next.attributes)];
        });
        try {
          const url = parseIceUrl(`turn:127.0.0.1:${server.port}`);
          const [result] = await probe(url, credential, { timeoutMs: 50 });
          expect(probeCauses).toContain(result?.failure?.cause);
          expect(result?.relayedTransportAddress).toBeUndefined();
        } finally {
          server.stop();
        }
      }),
      { numRuns: 200 },
    );
  });
});
