import { afterEach, describe, expect, it } from "vitest";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { attributeType, encodeText } from "../../src/probe/attributes.js";
import { deriveLongTermKey } from "../../src/probe/integrity.js";
import { probe } from "../../src/probe/probe.js";
import type { ServerAddress } from "../../src/probe/server-address.js";
import {
  decodeMessage,
  findAttribute,
  type StunAttribute,
  type StunMessage,
  stunClass,
} from "../../src/probe/stun-message.js";
import type { TransportAddress } from "../../src/probe/transport-address.js";
import { followAlternates, TryAlternateError } from "../../src/probe/try-alternate.js";
import {
  answer,
  refuse,
  type ScriptedServer,
  startTcpScript,
  startUdpScript,
  xoredAddress,
} from "./scripted-server.js";

const credential = { username: "1795612800:probe", credential: "cGFzc3dvcmQ=" };
const key = deriveLongTermKey(credential.username, Buffer.from("turn.test"), credential.credential);

const servers: ScriptedServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.stop();
  }
});

const isSigned = (request: StunMessage) =>
  findAttribute(request, attributeType.messageIntegrity) !== undefined;

function redirect(request: StunMessage, port: number, ...more: readonly StunAttribute[]): Buffer {
  const value = Buffer.from([0, 1, port >> 8, port & 0xff, 127, 0, 0, 1]);
  return answer(request, stunClass.error, [
    { type: attributeType.errorCode, value: Buffer.from("\0\0\x03\0Try Alternate\0\0\0") },
    { type: attributeType.alternateServer, value },
    ...more,
  ]);
}

/** Gives a relay to whoever asks with the credential. */
function relay(request: StunMessage): Buffer {
  const relayed = { type: attributeType.xorRelayedAddress, value: xoredAddress };
  return isSigned(request)
    ? answer(request, stunClass.success, [relayed], key)
    : refuse(request, 401);
}

async function start(script: (request: StunMessage) => Buffer): Promise<number> {
  const server = await startUdpScript((request) => [script(request)]);
  servers.push(server);
  return server.port;
}

/** Servers, each of which leads to the next one. */
async function startChain(alternates: number): Promise<number[]> {
  const ports = [await start(relay)];
  for (let count = 0; count < alternates; count++) {
    const [next = 0] = ports;
    ports.unshift(await start((request) => redirect(request, next)));
  }
  return ports;
}

async function probePort(port: number | undefined, scheme = "turn", query = "") {
  const url = parseIceUrl(`${scheme}:127.0.0.1:${port}${query}`);
  const [result] = await probe(url, credential, { timeoutMs: 5_000 });
  return { ...result, alternates: result?.alternates?.map((alternate) => alternate.port) };
}

describe("a server that answers 300 (Try Alternate)", () => {
  it.each([1, 2, 3])("is followed over %i alternates", async (alternates) => {
    const [first, ...others] = await startChain(alternates);
    const result = await probePort(first);
    expect(result.failure).toBeUndefined();
    expect(result).toMatchObject({ server: { port: first }, alternates: others });
  });

  it("is followed over three alternates at most", async () => {
    const [first, ...others] = await startChain(4);
    const result = await probePort(first);
    expect(result.failure?.cause).toBe("redirect-loop");
    expect(result.alternates).toEqual(others.slice(0, 3));
  });

  it("is not followed in a circle", async () => {
    const ports: number[] = [];
    ports.push(await start((request) => redirect(request, ports[1] ?? 0)));
    ports.push(await start((request) => redirect(request, ports[0] ?? 0)));
    const { failure } = await probePort(ports[0]);
    const [first, second] = ports.map((port) => `127.0.0.1:${port}`);
    expect(failure).toEqual({
      cause: "redirect-loop",
      detail: `the servers answer 300 (Try Alternate): ${first} → ${second} → ${first}`,
    });
  });

  it("is followed also after it has asked for the credential", async () => {
    const next = await start(relay);
    const first = await start((request) =>
      isSigned(request) ? redirect(request, next) : refuse(request, 401),
    );
    expect(await probePort(first)).toMatchObject({ alternates: [next] });
  });

  it("is followed for STUN", async () => {
    const mapped = { type: attributeType.xorMappedAddress, value: xoredAddress };
    const next = await start((request) => answer(request, stunClass.success, [mapped]));
    const first = await start((request) => redirect(request, next));
    const result = await probePort(first, "stun");
    expect(result).toMatchObject({ mappedAddress: "127.0.0.1:3478", alternates: [next] });
  });

  it("is followed over TCP where the URL is", async () => {
    const next = await startTcpScript((chunk, socket) => socket.write(relay(decodeMessage(chunk))));
    const first = await startTcpScript((chunk, socket) =>
      socket.write(redirect(decodeMessage(chunk), next.port)),
    );
    servers.push(first, next);
    const result = await probePort(first.port, "turn", "?transport=tcp");
    expect(result.failure).toBeUndefined();
    expect(result.alternates).toEqual([next.port]);
  });

  it.each(["", "?transport=tcp"])("is not followed to no port%s", async (query) => {
    const script = (bytes: Buffer) => redirect(decodeMessage(bytes), 0);
    const first = await (query === ""
      ? startUdpScript((request) => [redirect(request, 0)])
      : startTcpScript((chunk, socket) => socket.write(script(chunk))));
    servers.push(first);
    expect((await probePort(first.port, "turn", query)).failure?.cause).toBe("redirect-loop");
  });

  it("says where it failed", async () => {
    const next = await start((request) => refuse(request, 403));
    const { failure } = await probePort(await start((request) => redirect(request, next)));
    expect(failure).toMatchObject({
      cause: "forbidden",
      detail: `the server answers 403 (No), at the alternate 127.0.0.1:${next}`,
    });
  });

  it.each(["", "no domain", "a..b", "-a", "a".repeat(64), "host\0"])(
    "is not followed with the domain %j",
    async (domain) => {
      const named = encodeText(attributeType.alternateDomain, domain);
      const { failure } = await probePort(await start((request) => redirect(request, 1, named)));
      expect(failure?.cause).toBe("malformed");
    },
  );

  it("fails without an alternate, and its reason ends before the padding", async () => {
    const value = Buffer.from("\0\0\x03\0Try Alternate\0\0\0");
    const attributes = [{ type: attributeType.errorCode, value }];
    const { failure } = await probePort(
      await start((request) => answer(request, stunClass.error, attributes)),
    );
    expect(failure).toEqual({
      cause: "server-error",
      detail: "the server answers 300 (Try Alternate)",
      errorCode: 300,
    });
  });
});

describe("followAlternates", () => {
  const ipv4 = (address: string, port = 3478) => ({ address, port, family: "ipv4" }) as const;
  const ipv6 = (address: string) => ({ address, port: 3478, family: "ipv6" }) as const;
  const [published, own] = [ipv4("11.0.0.10"), ipv4("127.0.0.1")];

  /** Visits a server that names an alternate, which works. */
  async function follow(from: TransportAddress, alternate: TransportAddress) {
    const url = parseIceUrl("turn:turn.example");
    const server: ServerAddress = { ...from, url, transport: "udp", host: url.host };
    const visited: string[] = [];
    await followAlternates(
      server,
      async ({ address }) => {
        visited.push(address);
        if (visited.length === 1) {
          throw new TryAlternateError({ address: alternate });
        }
      },
      () => {},
    );
    return visited;
  }

  it.each([
    ["has no port", published, ipv4("11.0.0.11", 0)],
    ["is of another IP family", published, ipv6("2a00:1::10")],
    ["is of another IP family", ipv6("2a00:1::10"), published],
    ["is the client's own machine", published, own],
    ["is the client's own machine", published, ipv4("0.0.0.0")],
    ["is the client's own machine", ipv6("2a00:1::10"), ipv6("::1")],
    ["is the client's own machine", ipv6("2a00:1::10"), ipv6("::ffff:127.0.0.1")],
  ])("goes where browsers would go: not to what %s", async (flaw, from, alternate) => {
    await expect(follow(from, alternate)).rejects.toMatchObject({
      failure: { cause: "redirect-loop", detail: expect.stringMatching(`, which ${flaw}$`) },
    });
  });

  it.each([
    [published, ipv4("11.0.0.11")],
    [published, ipv4("10.0.0.1")],
    [own, ipv4("127.0.0.2")],
    [ipv6("2a00:1::10"), ipv6("2a00:1::11")],
  ])("goes from %j to %j", async (from, alternate) => {
    expect(await follow(from, alternate)).toEqual([from.address, alternate.address]);
  });
});
