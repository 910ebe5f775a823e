import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { attributeType } from "../../src/probe/attributes.js";
import { deriveLongTermKey } from "../../src/probe/integrity.js";
import { type ProbeOptions, probe } from "../../src/probe/probe.js";
import {
  decodeMessage,
  type StunMessage,
  stunClass,
  stunMethod,
} from "../../src/probe/stun-message.js";
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
const quick = { timeoutMs: 700 };

let server: ScriptedServer | undefined;
afterEach(() => {
  server?.stop();
  server = undefined;
});

async function probeUdp(
  scheme: "stun" | "turn",
  script: Parameters<typeof startUdpScript>[0],
  options: ProbeOptions = quick,
) {
  server = await startUdpScript(script);
  const [result] = await probe(
    parseIceUrl(`${scheme}:127.0.0.1:${server.port}`),
    credential,
    options,
  );
  return result;
}

async function probeTcp(
  script: Parameters<typeof startTcpScript>[0],
  options: ProbeOptions = quick,
) {
  server = await startTcpScript(script);
  const url = parseIceUrl(`turn:127.0.0.1:${server.port}?transport=tcp`);
  const [result] = await probe(url, credential, options);
  return result;
}

/** Never the same byte: a fingerprint ends with any of the 256, zero included. */
const withOtherLastByte = (bytes: Buffer) =>
  Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]);

const mapped = (request: StunMessage, extra: { type: number; value: Buffer }[] = []) =>
  answer(request, stunClass.success, [
    { type: attributeType.xorMappedAddress, value: xoredAddress },
    ...extra,
  ]);
const relayed = (request: StunMessage, signedBy?: Buffer) =>
  answer(
    request,
    stunClass.success,
    [{ type: attributeType.xorRelayedAddress, value: xoredAddress }],
    signedBy,
  );
/** Asks for a credential whoever signs nothing, and goes on with the others. */
const afterChallenge =
  (script: (request: StunMessage, count: number) => Buffer[]) =>
  (request: StunMessage, count: number) =>
    request.attributes.some(({ type }) => type === attributeType.messageIntegrity)
      ? script(request, count)
      : [refuse(request, 401)];

describe("a STUN server over UDP", () => {
  it("is asked again until it answers", async () => {
    const counts: number[] = [];
    const result = await probeUdp(
      "stun",
      (request, count) => {
        counts.push(count);
        return count < 3 ? [] : [mapped(request)];
      },
      { timeoutMs: 5_000 },
    );
    expect(result).toMatchObject({ mappedAddress: "127.0.0.1:3478" });
    expect(result?.roundTripMs).toBeGreaterThan(1_400);
    expect(counts).toEqual([1, 2, 3]);
  });

  it("gets no more time than the look-up of its name has left", async () => {
    // Longer than a test may take, and the time after the look-up.
    const timeoutMs = 60_000;
    const times = [0];
    const result = await probeUdp("stun", () => [], {
      timeoutMs,
      now: () => times.shift() ?? 59_800,
    });
    expect(result?.failure?.cause).toBe("time-out");
  });

  it.each<[string, (request: StunMessage) => Buffer[], string]>([
    [
      "answers no request of ours",
      (r) => [mapped({ ...r, transactionId: Buffer.alloc(12) })],
      "malformed",
    ],
    [
      "answers with another method",
      (r) => [mapped({ ...r, method: stunMethod.refresh })],
      "malformed",
    ],
    ["sends a request back", (r) => [r.bytes], "malformed"],
    ["has a wrong fingerprint", (r) => [withOtherLastByte(mapped(r))], "malformed"],
    [
      "has an unknown attribute that must be understood",
      (r) => [mapped(r, [{ type: 0x7abc, value: Buffer.alloc(0) }])],
      "malformed",
    ],
    ["tells no address", (r) => [answer(r, stunClass.success, [])], "malformed"],
    [
      "tells an address of no family",
      (r) => [
        answer(r, stunClass.success, [
          { type: attributeType.xorMappedAddress, value: Buffer.alloc(8) },
        ]),
      ],
      "malformed",
    ],
    ["sends an error without a code", (r) => [answer(r, stunClass.error, [])], "malformed"],
    ["sends a truncated message", (r) => [mapped(r).subarray(0, -4)], "malformed"],
    ["sends nothing in its datagram", () => [Buffer.alloc(0)], "not-stun"],
    ["is a DNS server", () => [Buffer.from("000081800001000100000000", "hex")], "not-stun"],
    ["echoes text", () => [Buffer.from("hello, hello")], "not-stun"],
    ["answers 500", (r) => [refuse(r, 500)], "server-error"],
    ["is silent", () => [], "time-out"],
  ])("that %s: the cause is told", async (_, script, cause) => {
    expect((await probeUdp("stun", script))?.failure?.cause).toBe(cause);
  });

  it("with an unknown attribute that may be passed over is fine", async () => {
    const extra = [{ type: 0xfabc, value: Buffer.alloc(3) }];
    expect((await probeUdp("stun", (r) => [mapped(r, extra)]))?.failure).toBeUndefined();
  });

  it("is waited for while strangers' answers come in between", async () => {
    const result = await probeUdp("stun", (r) => [
      Buffer.from("noise"),
      mapped({ ...r, transactionId: Buffer.alloc(12, 1) }),
      mapped(r),
    ]);
    expect(result?.failure).toBeUndefined();
  });

  it("is not believed from another port", async () => {
    const stranger = createSocket("udp4");
    try {
      const result = await probeUdp("stun", (request, _, port) => {
        stranger.send(mapped(request), port, "127.0.0.1");
        return [];
      });
      expect(result?.failure?.cause).toBe("time-out");
    } finally {
      stranger.close();
    }
  });
});

describe("a TURN server over UDP", () => {
  it("that signs its success is believed", async () => {
    const result = await probeUdp(
      "turn",
      afterChallenge((r) => [relayed(r, key)]),
    );
    expect(result).toMatchObject({ realm: "turn.test", relayedTransportAddress: "127.0.0.1:3478" });
    expect(result?.failure).toBeUndefined();
  });

  it.each<[string, Buffer | undefined]>([
    ["does not sign", undefined],
    ["signs with another key", Buffer.alloc(16)],
  ])("that %s its success is not believed", async (_, signedBy) => {
    const result = await probeUdp(
      "turn",
      afterChallenge((r) => [relayed(r, signedBy)]),
    );
    expect(result?.failure?.cause).toBe("unverified");
    expect(result?.relayedTransportAddress).toBeUndefined();
  });

  it("is believed after a forged answer", async () => {
    const result = await probeUdp(
      "turn",
      afterChallenge((r) => [relayed(r), relayed(r, key)]),
    );
    expect(result?.failure).toBeUndefined();
  });

  it.each([
    [300, "server-error"],
    [400, "wrong-secret"],
    [401, "wrong-secret"],
    [403, "forbidden"],
    [437, "server-error"],
    [440, "address-family"],
    [442, "unsupported-transport"],
    [486, "quota"],
    [508, "no-capacity"],
  ])("that answers %i to the credential: %s", async (code, cause) => {
    const result = await probeUdp(
      "turn",
      afterChallenge((r) => [refuse(r, code)]),
    );
    expect(result?.failure).toMatchObject({ cause, errorCode: code });
  });

  it.each([
    [400, "server-error"],
    [403, "forbidden"],
    [438, "stale-nonce"],
  ])("that answers %i before any credential: %s", async (code, cause) => {
    const result = await probeUdp("turn", (r) => [refuse(r, code)]);
    expect(result?.failure).toMatchObject({ cause, errorCode: code });
  });

  it("that falls silent after its challenge is not behind a closed port", async () => {
    const result = await probeUdp("turn", (r, count) => (count === 1 ? [refuse(r, 401)] : []));
    expect(result?.failure).toEqual({
      cause: "no-answer",
      detail: "the server answered some requests, but not all of them in time",
    });
  });

  it("that answers twice before it falls silent is only silent", async () => {
    const result = await probeUdp("turn", (r, count) =>
      count === 1 ? [refuse(r, 401), refuse(r, 401)] : [],
    );
    expect(result?.failure?.cause).toBe("no-answer");
  });

  it.each<[string, (request: StunMessage) => Buffer[]]>([
    ["signs wrongly", (r) => [relayed(r, Buffer.of(1))]],
    ["does not name", (r) => [answer(r, stunClass.success, [], key)]],
    ["does not announce", () => []],
  ])("is given back a relay that it %s", async (_, announce) => {
    const methods: number[] = [];
    await probeUdp(
      "turn",
      afterChallenge((r) => {
        methods.push(r.method);
        return r.method === stunMethod.allocate ? announce(r) : [];
      }),
    );
    await expect.poll(() => methods.at(-1)).toBe(stunMethod.refresh);
  });

  it("is given its new nonce when the old one is stale", async () => {
    const nonces: (string | undefined)[] = [];
    const result = await probeUdp(
      "turn",
      afterChallenge((r, count) => {
        nonces.push(
          r.attributes.find(({ type }) => type === attributeType.nonce)?.value.toString(),
        );
        return count < 4 ? [refuse(r, 438, `nonce-${count}`)] : [relayed(r, key)];
      }),
    );
    expect(result?.failure).toBeUndefined();
    expect(nonces).toEqual(["nonce", "nonce-2", "nonce-3", "nonce-3"]);
  });

  it("that finds every nonce stale is left in peace", async () => {
    let requests = 0;
    const result = await probeUdp("turn", (r, count) => {
      requests = count;
      return [count === 1 ? refuse(r, 401) : refuse(r, 438, `nonce-${count}`)];
    });
    expect(result?.failure).toMatchObject({ cause: "stale-nonce", errorCode: 438 });
    expect(requests).toBe(5);
  });

  it("that gives relays to everybody is told, and gets it back", async () => {
    const methods: number[] = [];
    const result = await probeUdp("turn", (r) => {
      methods.push(r.method);
      return [relayed(r)];
    });
    expect(result?.failure?.cause).toBe("no-authentication");
    expect(methods).toEqual([stunMethod.allocate, stunMethod.refresh]);
  });

  it("that gives relays to everybody, and takes none back, is told all the same", async () => {
    const result = await probeUdp("turn", (r) =>
      r.method === stunMethod.allocate ? [relayed(r)] : [],
    );
    expect(result?.failure?.cause).toBe("no-authentication");
  });

  it("that refuses to end the relay is not fine", async () => {
    const result = await probeUdp(
      "turn",
      afterChallenge((r) => [r.method === stunMethod.refresh ? refuse(r, 437) : relayed(r, key)]),
    );
    expect(result).toMatchObject({
      relayedTransportAddress: "127.0.0.1:3478",
      failure: { cause: "server-error", errorCode: 437 },
    });
  });

  it("that relays over IPv6 only fails as it fails for browsers, and gets that relay back", async () => {
    const asked: string[] = [];
    const result = await probeUdp(
      "turn",
      afterChallenge((r) => {
        const family = r.attributes.find(
          ({ type }) => type === attributeType.requestedAddressFamily,
        );
        asked.push(`${r.method} ${family?.value.toString("hex") ?? "-"}`);
        return [
          r.method === stunMethod.allocate && family === undefined
            ? refuse(r, 440)
            : relayed(r, key),
        ];
      }),
    );
    expect(result?.failure).toMatchObject({ cause: "address-family", errorCode: 440 });
    expect(asked).toEqual(["3 -", "3 02000000", "4 -"]);
  });

  it.each([
    ["write control characters onto a terminal", "\u001b[2Jgone\n", "\ufffd[2Jgone\ufffd"],
    ["show what lies behind the end of a text in C", "Sorry\0\0rest\0", "Sorry"],
  ])("cannot %s", async (_, phrase, shown) => {
    const value = Buffer.concat([Buffer.of(0, 0, 5, 0), Buffer.from(phrase)]);
    const result = await probeUdp("turn", (r) => [
      answer(r, stunClass.error, [{ type: attributeType.errorCode, value }]),
    ]);
    expect(result?.failure?.detail).toBe(`the server answers 500 (${shown})`);
  });
});

describe("a server over TCP", () => {
  it.each<[string, Parameters<typeof startTcpScript>[0], string, RegExp]>([
    [
      "speaks HTTP",
      (_, socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
      "not-stun",
      /HTTP/,
    ],
    [
      "speaks TLS",
      (_, socket) => socket.end(Buffer.from("15030100020246", "hex")),
      "not-stun",
      /TLS/,
    ],
    ["speaks something", (_, socket) => socket.end("SSH-2.0-x\r\n"), "not-stun", /not STUN/],
    ["closes", (_, socket) => socket.end(), "connection-closed", /closed/],
    ["resets", (_, socket) => socket.resetAndDestroy(), "connection-closed", /./],
    ["is silent", () => {}, "time-out", /./],
    [
      "announces a message without end",
      (_, socket) => socket.write(Buffer.from("0113fffc2112a442000000000000000000000000", "hex")),
      "malformed",
      /announced/,
    ],
    [
      "never ends its message",
      (_, socket) => socket.write(Buffer.from("011300082112a442000000000000000000000000", "hex")),
      "time-out",
      /./,
    ],
  ])("that %s: the cause is told", async (_, script, cause, detail) => {
    const result = await probeTcp(script);
    expect(result?.failure).toMatchObject({ cause, detail: expect.stringMatching(detail) });
  });

  it("that sends byte by byte is understood", async () => {
    const result = await probeTcp((chunk, socket) => {
      for (const byte of refuse(decodeMessage(chunk), 403)) {
        socket.write(Buffer.of(byte));
      }
    });
    expect(result?.failure?.cause).toBe("forbidden");
  });

  it("that does not sign its success fails at once", async () => {
    let count = 0;
    const result = await probeTcp(
      (chunk, socket) => {
        const request = decodeMessage(chunk);
        count += 1;
        socket.write(count === 1 ? refuse(request, 401) : relayed(request));
      },
      { timeoutMs: 60_000 },
    );
    expect(result?.failure?.cause).toBe("unverified");
  });
});

describe("probe", () => {
  it("takes time and randomness from where it is told to", async () => {
    const ids: string[] = [];
    // Before and after the look-up, at the beginning of the try, then of the request and its answer.
    const times = [900, 910, 911, 1_000, 1_042];
    const result = await probeUdp(
      "stun",
      (request) => {
        ids.push(request.transactionId.toString("latin1"));
        return [mapped(request)];
      },
      {
        ...quick,
        now: () => times.shift() ?? 0,
        randomBytes: (size) => Buffer.alloc(size, "x"),
      },
    );
    expect(ids).toEqual(["xxxxxxxxxxxx"]);
    expect(result?.roundTripMs).toBe(42);
  });

  it("takes no TURN server for one that works where there is no credential to try", async () => {
    server = await startUdpScript(() => []);
    const url = parseIceUrl(`turn:127.0.0.1:${server.port}`);
    await expect(probe(url, undefined, quick)).rejects.toThrow(TypeError);
  });

  it("ends with the reason of its signal, and at once", async () => {
    const abort = new AbortController();
    server = await startUdpScript(() => {
      abort.abort(new Error("enough"));
      return [];
    });
    const call = probe(parseIceUrl(`stun:127.0.0.1:${server.port}`), undefined, {
      timeoutMs: 60_000,
      signal: abort.signal,
    });
    await expect(call).rejects.toThrow("enough");
  });
});
