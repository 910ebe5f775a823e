import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { issuedTurnServer } from "../parts/issued-turn-server.js";
import { createKeyPair } from "../parts/key-pair.js";
import { generatePythonClient, type PythonGrpc } from "../parts/python-grpc.js";
import { secondsFromNow } from "../parts/real-time.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "python-test-token";
let python: PythonGrpc;
let certificate: TestCertificate;
let clear: IceService;
let tls: IceService;

beforeAll(async () => {
  python = await generatePythonClient();
  certificate = await createCertificate();
  const { certFile, keyFile } = certificate;
  const files = { "tokens.yaml": connectorTokens({ python: token }), "turn.secret": "north" };
  const config = {
    auth: { connectorTokensFile: "tokens.yaml" },
    ice: {
      stunUrls: ["stun:stun.example.com"],
      turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] },
    },
  };
  clear = await startIceService({ files, config });
  tls = await startIceService({
    files,
    config: { ...config, listen: { tls: { certFile, keyFile } } },
  });
});
afterAll(async () => {
  await clear.stop();
  await tls.stop();
  await certificate.stop();
  await python.stop();
});

const servers = {
  response: {
    iceServers: [{ urls: ["stun:stun.example.com"] }, issuedTurnServer("turn:turn.example.com")],
    expireTime: expect.stringMatching(/Z$/),
    ttlSeconds: 90,
  },
};

describe("GetIceServers with Python's grpcio", () => {
  it("answers in the clear", async () => {
    const outcome = await python.getIceServers({ target: clear.target, token, ttlSeconds: 90 });
    expect(outcome).toEqual(servers);
  });

  it("answers with TLS", async () => {
    const { caFile } = certificate;
    expect(
      await python.getIceServers({ target: tls.target, token, ttlSeconds: 90, caFile }),
    ).toEqual(servers);
  });

  it.each([
    ["no token", undefined],
    ["a wrong token", "wrong"],
  ])("refuses %s", async (_, wrongToken) => {
    const call = { target: clear.target, ...(wrongToken && { token: wrongToken }) };
    expect(await python.getIceServers(call)).toEqual({
      error: { code: "UNAUTHENTICATED", details: "invalid auth token" },
    });
  });

  it("names the field of an invalid argument and its bounds", async () => {
    const outcome = await python.getIceServers({ target: clear.target, token, ttlSeconds: 59 });
    expect(outcome).toEqual({
      error: {
        code: "INVALID_ARGUMENT",
        details: expect.stringMatching(/ttl_seconds.* 60 .*86400/),
      },
    });
  });
});

describe("WatchIceServers with Python's grpcio", () => {
  it("sends the list at once", async () => {
    const call = { target: clear.target, token, ttlSeconds: 90, watch: true };
    expect(await python.getIceServers(call)).toEqual(servers);
  });

  it("refuses a wrong token", async () => {
    const call = { target: clear.target, token: "wrong", watch: true };
    expect(await python.getIceServers(call)).toEqual({
      error: { code: "UNAUTHENTICATED", details: "invalid auth token" },
    });
  });
});

describe("a deadline", () => {
  let keyServer: Server;

  // Serves a key at the start, and answers nothing after that.
  beforeAll(async () => {
    let asked = 0;
    keyServer = createServer((_, response) => {
      asked += 1;
      if (asked === 1) {
        const { publicKey } = createKeyPair("P-256");
        const key = { ...publicKey.export({ format: "jwk" }), kid: "known" };
        response.end(JSON.stringify({ keys: [key] }));
      }
    });
    keyServer.listen(0, "127.0.0.1");
    await once(keyServer, "listening");
  });
  afterAll(() => {
    keyServer.close();
    keyServer.closeAllConnections();
  });

  it("ends a call that waits for the issuer's keys", async () => {
    const { port } = keyServer.address() as AddressInfo;
    const issuer = "https://issuer.test";
    const service = await startIceService({
      config: {
        auth: {
          jwt: [
            {
              issuer,
              audience: "ice-service",
              algorithms: ["ES256"],
              jwksUrl: `http://127.0.0.1:${port}/jwks`,
            },
          ],
        },
      },
    });
    try {
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const unsigned = [
        encode({ alg: "ES256", kid: "unknown" }),
        encode({ iss: issuer, aud: "ice-service", sub: "alice", exp: secondsFromNow(600) }),
      ];
      const outcome = await python.getIceServers({
        target: service.target,
        token: [...unsigned, "c2lnbmF0dXJl"].join("."),
        timeoutSeconds: 1,
      });
      expect(outcome).toMatchObject({ error: { code: "DEADLINE_EXCEEDED" } });
      await expect
        .poll(() => service.logs().find(({ msg }) => msg === "request"))
        .toMatchObject({
          code: expect.stringMatching(/^(deadline_exceeded|canceled)$/),
          // A bound on the rule: without a deadline, the keys are awaited for 5 s.
          durationMs: expect.toSatisfy((durationMs: number) => durationMs < 4_500),
        });
    } finally {
      await service.stop();
    }
  });
});
