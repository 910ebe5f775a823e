import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { attributeType } from "../../src/probe/attributes.js";
import { deriveLongTermKey } from "../../src/probe/integrity.js";
import { type ProbeOptions, probe } from "../../src/probe/probe.js";
import {
  decodeMessage,
  encodeMessage,
  findAttribute,
  type StunAttribute,
  type StunMessage,
  stunClass,
  stunMethod,
} from "../../src/probe/stun-message.js";
import {
  encodePeerAddress,
  readAddress,
  type TransportAddress,
} from "../../src/probe/transport-address.js";
import {
  answer,
  refuse,
  type ScriptedServer,
  startTcpScript,
  startUdpScript,
} from "./scripted-server.js";

const credential = { username: "1795612800:probe", credential: "cGFzc3dvcmQ=" };
const key = deriveLongTermKey(credential.username, Buffer.from("turn.test"), credential.credential);
const everywhere: ProbeOptions = { timeoutMs: 1_600, relayTest: "everywhere" };
const loopback = { address: "127.0.0.1", port: 5_000, family: "ipv4" } as const;

interface Relay {
  /** What it says of our address; null: nothing. */
  readonly mapped?: TransportAddress | null;
  /** What it says of its own. */
  readonly relayed?: TransportAddress;
  readonly permit?: (request: StunMessage) => Buffer | undefined;
  /** What it makes of a packet that comes in; by default it hands it on. */
  readonly inward?: (data: Buffer) => Buffer;
  /** Whether what the client sends goes out. */
  readonly outward?: boolean;
}

const servers: ScriptedServer[] = [];
const methods: number[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.stop();
  }
  methods.length = 0;
});

const xored = (type: number, address: TransportAddress, { transactionId }: StunMessage) => ({
  type,
  value: encodePeerAddress(address, transactionId).value,
});

/** A TURN server with one relay, which does as told. */
async function startRelay({
  mapped = loopback,
  relayed,
  permit = (request) => answer(request, stunClass.success, [], key),
  inward = (data) => data,
  outward = true,
}: Relay): Promise<number> {
  const relay = createSocket("udp4");
  relay.bind(0, "127.0.0.1");
  await once(relay, "listening");
  const own = relayed ?? { ...loopback, port: relay.address().port };
  let peer: TransportAddress | undefined;
  const server = await startUdpScript((request, _, port) => {
    methods.push(request.method);
    if (request.method === stunMethod.send) {
      const to = readAddress(request, attributeType.xorPeerAddress);
      const data = findAttribute(request, attributeType.data)?.value;
      if (outward && to !== undefined && data !== undefined) {
        relay.send(data, to.port, to.address);
      }
      return [];
    }
    if (findAttribute(request, attributeType.messageIntegrity) === undefined) {
      return [refuse(request, 401)];
    }
    peer = { ...loopback, port };
    switch (request.method) {
      case stunMethod.allocate: {
        const attributes: StunAttribute[] = [xored(attributeType.xorRelayedAddress, own, request)];
        if (mapped !== null) {
          attributes.push(xored(attributeType.xorMappedAddress, mapped, request));
        }
        return [answer(request, stunClass.success, attributes, key)];
      }
      case stunMethod.createPermission:
        return [permit(request)].filter((bytes) => bytes !== undefined);
      default:
        return [answer(request, stunClass.success, [], key)];
    }
  });
  relay.on("message", (data, { address, port }) => {
    const id = Buffer.alloc(12, 7);
    const from = encodePeerAddress({ address, port, family: "ipv4" }, id);
    const indication = encodeMessage(stunMethod.data, stunClass.indication, id, [
      from,
      { type: attributeType.data, value: inward(data) },
    ]);
    server.send(indication, peer?.port ?? 0);
  });
  servers.push(server, { ...server, stop: () => relay.close() });
  return server.port;
}

async function probeRelay(relay: Relay, options: ProbeOptions = everywhere) {
  const url = parseIceUrl(`turn:127.0.0.1:${await startRelay(relay)}`);
  const [result] = await probe(url, credential, options);
  return result;
}

describe("a relay", () => {
  it("is proven when packets have crossed it in both directions, and is given back", async () => {
    const result = await probeRelay({});
    expect(result).toMatchObject({ relayProven: true });
    expect(result?.failure).toBeUndefined();
    const { allocate, createPermission, send, refresh } = stunMethod;
    const once = methods.filter((method, index) => method !== send || methods[index - 1] !== send);
    expect(once).toEqual([allocate, allocate, createPermission, send, refresh]);
  });

  it.each<[string, Relay, string, RegExp]>([
    ["hands nothing on", { inward: () => Buffer.from("other") }, "relay-unreachable", /no packet/],
    ["sends nothing out", { outward: false }, "relay-unreachable", /what it sends/],
    [
      "is on a closed port",
      { relayed: { ...loopback, port: 1 } },
      "relay-unreachable",
      /ECONNREFUSED/,
    ],
    [
      "is where nothing can be sent",
      { relayed: { ...loopback, address: "255.255.255.255" } },
      "relay-unreachable",
      /cannot send/,
    ],
    [
      "denies its peer",
      { permit: (r) => refuse(r, 403) },
      "peer-denied",
      /403 \(No\).*127\.0\.0\.1/,
    ],
    [
      "denies its peer as pion does",
      { permit: (r) => answer(r, stunClass.error, [], key) },
      "peer-denied",
      /without a code/,
    ],
    ["answers no permission", { permit: () => undefined }, "relay-unreachable", /Create/],
    ["answers a permission with noise", { permit: () => Buffer.from("?") }, "malformed", /1 bytes/],
    ["does not say our address", { mapped: null }, "relay-not-tested", /does not say/],
    [
      "sees us in another family",
      { mapped: { address: "2001:db8::1", port: 1, family: "ipv6" } },
      "relay-not-tested",
      /another family/,
    ],
  ])("that %s is not, and is given back", async (_, relay, cause, detail) => {
    const result = await probeRelay(relay);
    expect(result).toMatchObject({
      relayedTransportAddress: expect.any(String),
      failure: { cause, detail: expect.stringMatching(detail) },
    });
    expect(result?.relayProven).toBeUndefined();
    // Where no time was left, nobody has waited for the answer.
    await expect.poll(() => methods.at(-1)).toBe(stunMethod.refresh);
  });

  it("is not tested from a private address, unless that is wanted", async () => {
    const result = await probeRelay({}, { ...everywhere, relayTest: "in-public" });
    expect(result?.failure).toEqual({
      cause: "relay-not-tested",
      detail: "the server sees this machine at 127.0.0.1, which is not public",
    });
    expect(methods).not.toContain(stunMethod.createPermission);
  });

  it("is not tested where nobody asks for it", async () => {
    expect((await probeRelay({}, { timeoutMs: 5_000 }))?.failure).toBeUndefined();
    expect(methods).not.toContain(stunMethod.createPermission);
  });

  it("is tested in the time that is left", async () => {
    // All but the last 40 ms have gone by once the try has begun.
    const times = [0, 0, 0];
    const result = await probeRelay(
      { permit: () => undefined },
      { ...everywhere, timeoutMs: 600_000, now: () => times.shift() ?? 599_960 },
    );
    expect(result?.failure).toMatchObject({
      cause: "relay-unreachable",
      detail: expect.stringContaining("CreatePermission"),
    });
  });

  it("is unreachable where its test ends the connection", async () => {
    const loopbackOf = (type: number, request: StunMessage) => xored(type, loopback, request);
    const server = await startTcpScript((chunk, socket) => {
      const request = decodeMessage(chunk);
      if (request.method === stunMethod.createPermission) {
        socket.destroy();
        return;
      }
      const { xorRelayedAddress, xorMappedAddress } = attributeType;
      const attributes = [xorRelayedAddress, xorMappedAddress].map((type) =>
        loopbackOf(type, request),
      );
      socket.write(
        findAttribute(request, attributeType.messageIntegrity) === undefined
          ? refuse(request, 401)
          : answer(request, stunClass.success, attributes, key),
      );
    });
    servers.push(server);
    const url = parseIceUrl(`turn:127.0.0.1:${server.port}?transport=tcp`);
    const [result] = await probe(url, credential, everywhere);
    expect(result?.failure).toMatchObject({
      cause: "relay-unreachable",
      detail: expect.stringContaining("the connection to the server ended"),
    });
  });

  it("is left at once when the probe is called off", async () => {
    const abort = new AbortController();
    const called = probeRelay(
      {
        inward() {
          abort.abort(new Error("enough"));
          return Buffer.of();
        },
      },
      { ...everywhere, timeoutMs: 60_000, signal: abort.signal },
    );
    await expect(called).rejects.toThrow("enough");
  });
});

describe("a relay whose probe has no time left", () => {
  it.each<[string, number, Relay]>([
    ["while packets are awaited", 60_000, { inward: () => Buffer.of() }],
    ["while a permission is awaited", 60_000, { permit: () => undefined }],
  ])("is given back all the same, %s", async (_, timeoutMs, relay) => {
    const abort = new AbortController();
    const called = probeRelay(relay, { ...everywhere, timeoutMs, signal: abort.signal });
    await expect.poll(() => methods).toContain(stunMethod.createPermission);
    abort.abort(new Error("enough"));
    await expect(called).rejects.toThrow("enough");
    await expect.poll(() => methods.at(-1)).toBe(stunMethod.refresh);
  });
});
