import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSigningKey, type SigningKey } from "../authentication/signing-key.js";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { hang, type JwksServer, keys, startJwksServer, text } from "../parts/jwks-server.js";

const issuer = "https://rotation.test";
const route = "/api/v1/ice-servers";

let jwks: JwksServer;
let service: IceService;
let first: SigningKey;

beforeEach(async () => {
  first = createSigningKey("ES256", "one");
  jwks = await startJwksServer(keys(first.jwk));
  service = await startIceService({
    config: {
      // Each call says which client it comes from.
      listen: { trustedProxies: ["127.0.0.1"] },
      auth: { jwt: [{ issuer, audience: "ice", jwksUrl: jwks.url.href }] },
      ice: { stunUrls: ["stun:stun.example.com"] },
      shutdown: { delay: "0s", timeout: "1s" },
    },
  });
});
afterEach(async () => {
  await service.stop();
  await jwks.close();
});

let tokenCount = 0;
function sign({ privateKey, jwk }: SigningKey, kid = jwk.kid): Promise<string> {
  tokenCount += 1;
  return new SignJWT({ jti: String(tokenCount) })
    .setProtectedHeader({ alg: "ES256", kid })
    .setIssuer(issuer)
    .setAudience("ice")
    .setSubject("alice")
    .setExpirationTime("10m")
    .sign(privateKey);
}

async function call(token: string, client = "192.0.2.1"): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, "x-forwarded-for": client };
  const response = await fetch(service.url + route, { headers });
  await response.arrayBuffer();
  return response.status;
}

/** Publishes a key in place of all others, and returns a token by it. */
function rotate(kid: string): Promise<string> {
  const key = createSigningKey("ES256", kid);
  jwks.serve(keys(key.jwk));
  return sign(key);
}

describe("when an issuer changes its keys", () => {
  // auth0/node-jwks-rsa#110
  it("a new key under the old kid counts at the first call, and the old one no more", async () => {
    const old = await sign(first);
    expect(await call(old)).toBe(200);
    expect(await call(await rotate("one"))).toBe(200);
    expect(await call(old)).toBe(401);
  });

  it("twice within a second, the second key counts at the first call as well", async () => {
    expect(await call(await sign(first))).toBe(200);
    expect([await call(await rotate("two")), await call(await rotate("three"))]).toEqual([
      200, 200,
    ]);
  });

  it("gRPC calls wait for the next fetch too", async () => {
    const client = createGrpcJsClient(service.target);
    try {
      for (const kid of ["one", "two"]) {
        const token = await rotate(kid);
        expect((await client.getIceServers({ token })).iceServers).toHaveLength(1);
      }
    } finally {
      await client.stop();
    }
  });

  it("all calls that come at once share a fetch", async () => {
    const key = createSigningKey("ES256", "two");
    jwks.serve(keys(key.jwk));
    const before = jwks.requestCount;
    const tokens = await Promise.all(Array.from({ length: 50 }, () => sign(key)));
    const statuses = await Promise.all(tokens.map((token) => call(token)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(jwks.requestCount - before).toBe(1);
  });

  it("one client causes three fetches in a minute, and other clients their own", async () => {
    const statuses = [];
    for (const kid of ["two", "three", "four", "five"]) {
      statuses.push(await call(await rotate(kid)));
    }
    expect(statuses).toEqual([200, 200, 200, 401]);
    expect(await call(await rotate("five"), "192.0.2.2")).toBe(200);
  });
});

describe("forged tokens", () => {
  const forger = "203.0.113.9";
  const forge = (count: number, kid: (index: number) => string) => {
    const key = createSigningKey("ES256");
    return Promise.all(Array.from({ length: count }, (_, index) => sign(key, kid(index))));
  };

  it.each<[what: string, kid: (index: number) => string]>([
    ["unknown kids", (index) => `forged-${index}`],
    ["the known kid", () => "one"],
  ])("with %s cause three fetches, and no user waits for them", async (_, kid) => {
    const before = jwks.requestCount;
    const forged = await forge(200, kid);
    const attacks = forged.map((token) => call(token, forger));
    expect(await call(await sign(first), "192.0.2.1")).toBe(200);
    expect(await call(await rotate("two"), "192.0.2.2")).toBe(200);
    expect(new Set(await Promise.all(attacks))).toEqual(new Set([401]));
    for (const token of (await forge(5, kid)).values()) {
      expect(await call(token, forger)).toBe(401);
    }
    // Three for the forger, and at most one for the user with the new key.
    expect(jwks.requestCount - before).toBeLessThanOrEqual(4);
  });

  it.each([
    ["fails", text("down", 503)],
    ["hangs", hang],
  ])("do not reject the users of a known key while the URL %s", async (_, answer) => {
    jwks.serve(answer);
    const attacks = (await forge(20, (index) => `forged-${index}`)).map((token) =>
      call(token, forger),
    );
    expect(await call(await sign(first))).toBe(200);
    expect(new Set(await Promise.all(attacks))).toEqual(new Set([401]));
    expect(await call(await sign(first))).toBe(200);
  });
});
