import { inspect } from "node:util";
import { ConnectError, createClient } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { type ServiceError, status } from "@grpc/grpc-js";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { nameBySubject } from "../../src/turn/providers/shared-secret/holder-name.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { writeCountryDatabase } from "../parts/country-database.js";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import { holdRelay } from "../parts/held-relay.js";
import { type IceService as IceServiceProcess, startIceService } from "../parts/ice-service.js";
import { startOtlpReceiver } from "../parts/otlp-receiver.js";
import { startReconfigurableService } from "../parts/reconfigurable-service.js";
import { startRedisServer } from "../parts/redis-server.js";
import { connectorTokens } from "../parts/tokens.js";
import { soon } from "../parts/traced-service.js";
import { allocateRelay } from "../parts/turn-allocation.js";
import { watchWithGrpcJs } from "../parts/watchers.js";

const tokens = { backend: "users-test-token-backend", phone: "users-test-token-phone" };
const tokensFile = connectorTokens(tokens, ["backend"]);
const issuer = "https://issuer.test";
const jwtSecret = "users-test-jwt-secret-0123456789abcdef";
const turnSecret = "users-test-turn-secret";
const route = "/api/v1/ice-servers";
const answerSchema = z.object({
  iceServers: z.tuple([
    z.object({ urls: z.array(z.string()), username: z.string(), credential: z.string() }),
  ]),
  region: z.string().optional(),
});

const signJwt = (claims: object, subject = "service") =>
  new SignJWT({ iss: issuer, aud: "ice", sub: subject, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(Buffer.from(jwtSecret));

const files = { "tokens.yaml": tokensFile, "jwt.secret": jwtSecret, "turn.secret": turnSecret };
const auth = {
  connectorTokensFile: "tokens.yaml",
  jwt: [{ issuer, audience: "ice", secretFile: "jwt.secret", usersScope: "ice:users" }],
};

function start(turn: object, config: object = {}, others: Record<string, string> = {}) {
  return startIceService({
    files: { ...files, ...others },
    config: {
      auth,
      ice: {
        stunUrls: [],
        turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"], ...turn },
      },
      shutdown: { delay: "0s" },
      ...config,
    },
  });
}

const get = (
  { url }: { readonly url: string },
  token: string,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
) =>
  fetch(`${url}${route}?${new URLSearchParams(query)}`, {
    headers: { Authorization: `Bearer ${token}`, ...headers },
  });

async function getServer(
  service: { readonly url: string },
  token: string,
  query: Record<string, string> = {},
) {
  const response = await get(service, token, query);
  expect(response.status).toBe(200);
  return answerSchema.parse(await response.json()).iceServers[0];
}

const nameOf = async (...args: Parameters<typeof getServer>) =>
  (await getServer(...args)).username.replace(/^\d+:/, "");

describe("a caller without the right", () => {
  let service: IceServiceProcess;
  beforeAll(async () => {
    service = await start({ identity: "subject" });
  });
  afterAll(() => service.stop());

  interface Refusal {
    readonly code: string;
    readonly challenge: string | null | undefined;
  }
  const request = { user: "alice-the-user", clientAddress: "", ttlSeconds: 1 };

  async function ask(path: string, init: RequestInit, token: string): Promise<Refusal> {
    const headers = { ...init.headers, Authorization: `Bearer ${token}` };
    const response = await fetch(`${service.url}${path}`, { ...init, headers });
    const { code } = z.object({ code: z.string() }).parse(await response.json());
    expect(response.status).toBe(403);
    return { code, challenge: response.headers.get("www-authenticate") };
  }
  const restQuery = `?user=${request.user}&ttlSeconds=1`;

  function callWith(transport: ReturnType<typeof createConnectTransport>, token: string) {
    const client = createClient(IceService, transport);
    const headers = { Authorization: `Bearer ${token}` };
    const toRefusal = (reason: unknown): Refusal => {
      const error = ConnectError.from(reason);
      expect(error.rawMessage).not.toContain(request.user);
      return { code: codeToString(error.code), challenge: error.metadata.get("www-authenticate") };
    };
    const goneWell = (): Refusal => ({ code: "ok", challenge: undefined });
    return {
      unary: () => client.getIceServers(request, { headers }).then(goneWell, toRefusal),
      async stream() {
        try {
          for await (const _ of client.watchIceServers(request, { headers })) {
            break;
          }
          return goneWell();
        } catch (error) {
          return toRefusal(error);
        }
      },
    };
  }
  const over = {
    connect: (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
    connectGet: (baseUrl: string) =>
      createConnectTransport({ baseUrl, httpVersion: "2", useHttpGet: true }),
    grpc: (baseUrl: string) => createGrpcTransport({ baseUrl }),
    grpcWeb: (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  };

  const ways: [way: string, call: (token: string) => Promise<Refusal>][] = [
    ["REST", (token) => ask(`${route}${restQuery}`, {}, token)],
    ["server-sent events", (token) => ask(`${route}:watch${restQuery}`, {}, token)],
    ["Connect", (token) => callWith(over.connect(service.url), token).unary()],
    ["Connect GET", (token) => callWith(over.connectGet(service.url), token).unary()],
    ["a Connect stream", (token) => callWith(over.connect(service.url), token).stream()],
    ["gRPC", (token) => callWith(over.grpc(service.url), token).unary()],
    ["a gRPC stream", (token) => callWith(over.grpc(service.url), token).stream()],
    ["gRPC-Web", (token) => callWith(over.grpcWeb(service.url), token).unary()],
    ["a gRPC-Web stream", (token) => callWith(over.grpcWeb(service.url), token).stream()],
  ];

  // The TTL is out of range as well: that is looked at later.
  it.each(ways)("gets PERMISSION_DENIED over %s", async (_, call) => {
    expect(await call(tokens.phone)).toEqual({
      code: "permission_denied",
      challenge: 'Bearer realm="ice-service", error="insufficient_scope"',
    });
    expect(await call(await signJwt({ scope: "openid" }))).toEqual({
      code: "permission_denied",
      challenge: 'Bearer realm="ice-service", error="insufficient_scope", scope="ice:users"',
    });
  });

  it("gets it as @grpc/grpc-js sees it, also for an address alone", async () => {
    const client = createGrpcJsClient(service.target);
    const error: ServiceError = await client
      .getIceServers({ token: tokens.phone, request: { clientAddress: "192.0.2.7" } })
      .then(
        () => {
          throw new Error("the call was expected to fail");
        },
        (reason) => reason,
      )
      .finally(client.stop);
    expect(error.code).toBe(status.PERMISSION_DENIED);
    expect(error.details).toBe("this token may not name a user or a client address");
  });

  it("gets problem details over REST, and a line in the log without the user", async () => {
    const response = await get(service, tokens.phone, { user: "alice-of-this-test" });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      type: "about:blank",
      title: "Forbidden",
      status: 403,
      detail: "this token may not name a user or a client address",
      code: "permission_denied",
      error: "this token may not name a user or a client address",
    });
    await expect
      .poll(() => service.logs().at(-1))
      .toMatchObject({ level: "warn", code: "permission_denied", cause: "users_right_missing" });
    expect(service.stderr()).not.toContain("alice");
  });

  it("is served as before where it names nobody, in whatever way", async () => {
    expect(await nameOf(service, tokens.phone, { user: "", clientAddress: "" })).toBe(
      nameBySubject({ kind: "connector", issuer: "", subject: "phone" }),
    );
  });
});

describe("a caller with the right", () => {
  let service: IceServiceProcess;
  beforeAll(async () => {
    service = await start({ identity: "subject" });
  });
  afterAll(() => service.stop());

  it("gets a name for each user", async () => {
    expect(await nameOf(service, tokens.backend, { user: "alice" })).toBe("f9a36fec.backend/alice");
    expect(await nameOf(service, tokens.backend, { user: "a/b c" })).toBe(
      "f9a36fec.backend/a%2Fb%20c",
    );
    expect(await nameOf(service, tokens.backend)).toBe("f9a36fec.backend");
  });

  it.each([
    ["a word of scope", { scope: "openid ice:users" }],
    ["an element of scp", { scp: ["ice:users"] }],
  ])("can have it by %s", async (_, claims) => {
    expect(await nameOf(service, await signJwt(claims), { user: "alice" })).toBe(
      "f17d3a0b.service/alice",
    );
  });

  it.each([
    ["user", { user: "x".repeat(257) }],
    ["clientAddress", { clientAddress: "[2001:db8::7]" }],
    ["clientAddress", { user: "alice", clientAddress: "somewhere-secret" }],
  ])(
    "gets 400 for a %s that cannot be used, which the log does not repeat",
    async (field, query) => {
      const response = await get(service, tokens.backend, query);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: "invalid_argument",
        errors: [{ field }],
      });
      expect(service.stderr()).not.toContain("somewhere-secret");
    },
  );

  it.each([
    ["twice", `?user=alice-secret&user=bob-secret`],
    ["that does not decode", `?user=%zz-alice-secret&ttlSeconds=x`],
  ])("gets 400 for a user %s, which the log does not repeat", async (_, query) => {
    const response = await fetch(`${service.url}${route}${query}`, {
      headers: { Authorization: `Bearer ${tokens.backend}` },
    });
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain("secret");
    expect(service.stderr()).not.toContain("secret");
  });
});

describe("pseudonyms of users", () => {
  it("stay the same over a restart, differ from user to user, and hold nothing of the user", async () => {
    const turn = { identity: "pseudonym", pseudonymKeyFile: "pseudonym.key" };
    const keys = { "pseudonym.key": "users-test-pseudonym-key" };
    const find = async () => {
      const service = await start(turn, {}, keys);
      try {
        const find = (user: string) => nameOf(service, tokens.backend, { user });
        return [await find("alice"), await find("bob"), await nameOf(service, tokens.backend)];
      } finally {
        await service.stop();
      }
    };
    const names = await find();
    expect(await find()).toEqual(names);
    expect(new Set(names).size).toBe(3);
    for (const name of names) {
      expect(name).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  it("are the configured name with static", async () => {
    const service = await start({ name: "shared" });
    try {
      expect(await nameOf(service, tokens.backend, { user: "alice" })).toBe("shared");
    } finally {
      await service.stop();
    }
  });
});

describe("coturn with user-quota=1", () => {
  let coturn: Coturn;
  let service: IceServiceProcess;
  beforeAll(async () => {
    coturn = await startCoturn({ secrets: [turnSecret], extra: ["user-quota=1"] });
    service = await start({ identity: "subject", urls: [`turn:127.0.0.1:${coturn.port}`] });
  });
  afterAll(async () => {
    await service.stop();
    await coturn.stop();
  });

  it("counts the users of one backend apart", async () => {
    const askAs = async (user: string) => {
      const { username, credential } = await getServer(service, tokens.backend, { user });
      return { username, credential };
    };
    const allocate = async (user: string) =>
      allocateRelay({ port: coturn.port, transport: "udp", ...(await askAs(user)) });
    const full = { allocated: false, errorCode: 486 };
    const first = await holdRelay(coturn.port, await askAs("alice/1"));
    try {
      expect(await allocate("alice/1")).toEqual(full);
      const second = await holdRelay(coturn.port, await askAs("bob"));
      try {
        expect(await allocate("bob")).toEqual(full);
        expect(await allocate("alice/1")).toEqual(full);
        expect(await allocate("carol")).toMatchObject({ allocated: true });
      } finally {
        second.close();
      }
    } finally {
      first.close();
    }
  });
});

describe("client_address", () => {
  let service: IceServiceProcess;
  let stop: () => Promise<unknown>;
  beforeAll(async () => {
    const region = (name: string) => ({ urls: [`turn:${name}.example.com`] });
    const database = writeCountryDatabase({
      "127.0.0.1/32": { country: "US", continent: "NA" },
      "192.0.2.0/24": { country: "JP", continent: "AS" },
    });
    ({ service, stop } = await startReconfigurableService(
      {
        auth,
        admin: false,
        listen: { host: "127.0.0.1", port: 0, trustedProxies: ["127.0.0.1"] },
        ice: {
          stunUrls: [],
          turn: {
            regions: { eu: region("eu"), us: region("us"), jp: region("jp") },
            defaultRegion: "eu",
            secretFiles: ["turn.secret"],
            regionFrom: {
              header: "CF-IPCountry",
              database: "countries.mmdb",
              map: { DE: "eu", US: "us", JP: "jp" },
            },
          },
        },
      },
      { ...files, "countries.mmdb": database },
    ));
  });
  afterAll(() => stop());

  it.each<[what: string, query: Record<string, string>, headers: Record<string, string>, string]>([
    ["the peer", {}, {}, "us"],
    ["the header", {}, { "CF-IPCountry": "DE" }, "eu"],
    ["the address", { clientAddress: "192.0.2.7" }, {}, "jp"],
    ["the address, not the header", { clientAddress: "192.0.2.7" }, { "CF-IPCountry": "US" }, "jp"],
    ["an address that is IPv4-mapped", { clientAddress: "::ffff:c000:207" }, {}, "jp"],
    [
      "the default where nobody knows the address, whatever the header says",
      { clientAddress: "198.51.100.1" },
      { "CF-IPCountry": "US" },
      "eu",
    ],
    ["the region", { clientAddress: "192.0.2.7", region: "us" }, {}, "us"],
  ])("selects by %s", async (_, query, headers, region) => {
    const response = await get(service, tokens.backend, { user: "alice", ...query }, headers);
    expect(await response.json()).toMatchObject({ region });
    await expect.poll(() => service.logs().at(-1)).toMatchObject({ region });
    expect(service.stderr()).not.toMatch(/192\.0\.2\.7|198\.51\.100\.1|c000:207|alice/);
  });

  it("holds for watches", async () => {
    const headers = { Authorization: `Bearer ${tokens.backend}`, "CF-IPCountry": "US" };
    const client = createClient(IceService, createGrpcTransport({ baseUrl: service.url }));
    const watch = client.watchIceServers({ clientAddress: "192.0.2.7" }, { headers });
    for await (const { response } of watch) {
      expect(response?.region).toBe("jp");
      break;
    }
  });
});

describe("limits.user", () => {
  const user = { requests: 2, window: "1h" };
  const statusesOf = async (
    service: { readonly url: string },
    token: string,
    queries: Record<string, string>[],
  ) => {
    const found: number[] = [];
    for (const query of queries) {
      found.push((await get(service, token, query)).status);
    }
    return found;
  };
  const [alice, bob] = [{ user: "alice" }, { user: "bob" }];

  it("counts each user by itself, after everything that is wrong with a call", async () => {
    const service = await start({}, { limits: { caller: { requests: 12, window: "1h" }, user } });
    try {
      const wrong = { ...alice, ttlSeconds: "1" };
      expect(await statusesOf(service, tokens.backend, [wrong, wrong, alice, alice])).toEqual([
        400, 400, 200, 200,
      ]);
      expect(await statusesOf(service, tokens.backend, [alice, wrong, bob, {}])).toEqual([
        429, 400, 200, 200,
      ]);
      expect(await statusesOf(service, tokens.phone, [alice, {}, {}, {}, alice])).toEqual([
        403, 200, 200, 429, 403,
      ]);
      const last = await get(service, tokens.backend, bob);
      expect(last.headers.get("ratelimit-policy")).toBe('"caller";q=12;w=3600, "user";q=2;w=3600');
      expect(last.headers.get("ratelimit")).toMatch(/^"caller";r=3;t=3\d{3}, "user";r=0;t=3\d{3}$/);
      const refused = await get(service, tokens.backend, bob);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3500);
      expect(await refused.json()).toMatchObject({
        error: expect.stringMatching(/^too many requests for one user \(retry in 3\d{3} s\)$/),
      });
      // The caller's own limit comes first, also where the user is over its own.
      expect(await statusesOf(service, tokens.backend, [bob, bob, { user: "x" }])).toEqual([
        429, 429, 429,
      ]);
      await expect
        .poll(() => service.logs().flatMap(({ cause }) => cause ?? []))
        .toContain("user_limit");
      expect(service.stderr()).not.toMatch(/alice|bob/);
    } finally {
      await service.stop();
    }
  });

  it("counts the start of a watch", async () => {
    const service = await start({}, { limits: { user } });
    const client = createClient(IceService, createGrpcTransport({ baseUrl: service.url }));
    const headers = { Authorization: `Bearer ${tokens.backend}` };
    const watch = async (name: string) => {
      for await (const _ of client.watchIceServers({ user: name }, { headers })) {
        return "a list";
      }
      return "nothing";
    };
    try {
      expect([await watch("alice"), await watch("alice")]).toEqual(["a list", "a list"]);
      await expect(watch("alice")).rejects.toThrow("resource_exhausted");
      expect(await watch("bob")).toBe("a list");
    } finally {
      await service.stop();
    }
  });

  // On a busy machine Redis may take more than the 50 ms after which it is, rightly, not waited for.
  it("holds for two instances together over Redis", { retry: 2 }, async () => {
    const redis = await startRedisServer();
    const limits = { user, redis: { url: redis.url } };
    const instances = [await start({}, { limits }), await start({}, { limits })] as const;
    try {
      const [one, other] = instances;
      expect(await statusesOf(one, tokens.backend, [alice])).toEqual([200]);
      expect(await statusesOf(other, tokens.backend, [alice, alice, bob])).toEqual([200, 429, 200]);
      expect((await redis.run("KEYS", "*")).join()).not.toMatch(/alice|bob/);
    } finally {
      await Promise.all(instances.map((instance) => instance.stop()));
      await redis.stop();
    }
  });
});

describe("watches of users", () => {
  it("are bounded for each user, and end with PERMISSION_DENIED when the token loses the right", async () => {
    const config = {
      auth,
      limits: { watchesPerCaller: 1 },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
    };
    const running = await startReconfigurableService(config, files);
    const open = (user: string) =>
      watchWithGrpcJs(running.service.url, { token: tokens.backend, user });
    try {
      const [alice, bob, itself] = [open("alice"), open("bob"), open("")];
      for (const { lists } of [alice, bob, itself]) {
        await expect.poll(() => lists.length).toBe(1);
      }
      expect(await open("alice").end).toBe("resource_exhausted");
      await running.replace("tokens.yaml", connectorTokens(tokens));
      expect(await Promise.all([alice.end, bob.end])).toEqual([
        "permission_denied",
        "permission_denied",
      ]);
      itself.leave();
      expect(itself.lists).toHaveLength(1);
    } finally {
      await running.stop();
    }
  });
});

describe("what a user is called", () => {
  it("is neither in the log nor in spans, whether the call goes well or not", async () => {
    const receiver = await startOtlpReceiver();
    const env = { ...soon, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const service = await startIceService({ files, env, config: { auth } });
    try {
      const who = { user: "alice-who-calls", clientAddress: "192.0.2.77" };
      expect((await get(service, tokens.backend, who)).status).toBe(200);
      expect((await get(service, tokens.phone, who)).status).toBe(403);
      expect((await get(service, "wrong", who)).status).toBe(401);
      const client = createClient(IceService, createGrpcTransport({ baseUrl: service.url }));
      const headers = { Authorization: `Bearer ${tokens.backend}` };
      await client.getIceServers(who, { headers });
      await expect(
        client.getIceServers({ ...who, region: "alice-who-calls" }, { headers }),
      ).rejects.toThrow("region");
      await expect.poll(() => receiver.spans().length).toBe(5);
      const told = inspect(receiver.spans(), { depth: null }) + service.stderr();
      expect(told).not.toMatch(/alice-who-calls|192\.0\.2\.77/);
    } finally {
      await service.stop();
      await receiver.stop();
    }
  });
});
