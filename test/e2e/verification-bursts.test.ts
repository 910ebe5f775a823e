import { once } from "node:events";
import {
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { connect } from "node:net";
import { ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { SignJWT } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { createSigningKey, type SigningKey } from "../authentication/signing-key.js";
import { envelop } from "../conformance/envelope.js";
import { createHttpClient } from "../conformance/http-client.js";
import { type IceService as IceServiceProcess, startIceService } from "../parts/ice-service.js";
import { type JwksServer, keys, startJwksServer } from "../parts/jwks-server.js";
import { startReconfigurableService } from "../parts/reconfigurable-service.js";

const issuer = "https://bursts.test";
const audience = "ice-service";
const route = "/api/v1/ice-servers";
const unary = "/ice.v1.IceService/GetIceServers";
/** Waits for what this machine does slowly when others use it as well. */
const patienceMs = 60_000;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

interface Setting {
  readonly service: IceServiceProcess;
  readonly jwks: JwksServer;
  /** What the issuer publishes when the service starts. */
  readonly key: SigningKey;
}

async function start(requests: number, args: readonly string[] = []): Promise<Setting> {
  const key = createSigningKey("ES256", "first");
  const jwks = await startJwksServer(keys(key.jwk));
  stops.push(() => jwks.close());
  const service = await startIceService({
    args,
    config: {
      auth: { jwt: [{ issuer, audience, jwksUrl: jwks.url.href }] },
      ice: { stunUrls: ["stun:stun.example.com"] },
      limits: { failedAuthentication: { requests, window: "1h" } },
      shutdown: { delay: "0s", timeout: "20s" },
    },
  });
  stops.push(() => service.stop());
  return { service, jwks, key };
}

const sign = ({ privateKey, jwk }: SigningKey, subject: string) =>
  new SignJWT()
    .setProtectedHeader({ alg: "ES256", kid: jwk.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setExpirationTime("10m")
    .sign(privateKey);

/** Looks right, down to the key's name, but for the signature. */
function forge(count: number): Promise<string[]> {
  const key = createSigningKey("ES256", "first");
  return Promise.all(Array.from({ length: count }, (_, index) => sign(key, `forged-${index}`)));
}

const countByStatus = (statuses: readonly (string | undefined)[]) => {
  const counts: Record<string, number> = {};
  for (const status of statuses) {
    counts[status ?? "none"] = (counts[status ?? "none"] ?? 0) + 1;
  }
  return counts;
};

/** Sends requests one behind the other in one piece, and resolves with the statuses of the answers. */
function pipeline(port: number, requests: readonly string[]): Promise<(string | undefined)[]> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let received = "";
    const read = () => [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    socket.on("data", (chunk) => {
      received += chunk;
      if (read().length === requests.length) {
        socket.destroy();
      }
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(read()));
    socket.write(requests.join(""));
  });
}

/** Opens a stream for each token on one connection, all at once, with a body that nobody could read. */
async function callOverHttp2(url: string, tokens: readonly string[]) {
  const session = connectHttp2(url);
  const statuses = await Promise.all(
    tokens.map(async (token) => {
      const stream = session.request({
        ":method": "POST",
        ":path": unary,
        "content-type": "application/grpc",
        te: "trailers",
        authorization: `Bearer ${token}`,
      });
      stream.on("error", () => {});
      stream.end(envelop(Buffer.from("\xff\xff", "latin1")));
      const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
      stream.resume();
      return String(headers["grpc-status"]);
    }),
  );
  session.close();
  return statuses;
}

const chunk = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

describe.each([
  ["one process", 1, []],
  ["two workers", 2, ["--workers", "2"]],
])("a burst of 1,000 forged tokens from one address, with %s", (_, processes, args) => {
  const limit = 30;

  it(
    "has no more of them verified over HTTP/1.1 than may be rejected",
    async () => {
      const { service } = await start(limit, args);
      const tokens = await forge(1000);
      const answers = await Promise.all(
        chunk(tokens, 100).map((batch, index) =>
          pipeline(
            service.port,
            batch.map((token) =>
              index % 2 === 0
                ? `GET ${route} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`
                : `POST ${unary} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: 3\r\n\r\n{[}`,
            ),
          ),
        ),
      );
      const { 401: verified = 0, 429: refused = 0 } = countByStatus(answers.flat());
      expect(verified + refused).toBe(1000);
      expect(verified).toBeGreaterThanOrEqual(limit);
      // Each process counts for itself.
      expect(verified).toBeLessThanOrEqual(limit * processes);
      await expect
        .poll(() => service.logs().filter(({ cause }) => cause === "signature").length)
        .toBe(verified);
    },
    patienceMs,
  );

  it(
    "has no more of them verified over HTTP/2 than may be rejected, whatever their bodies hold",
    async () => {
      const { service } = await start(limit, args);
      const tokens = await forge(1000);
      const answers = await Promise.all(
        chunk(tokens, 100).map((batch) => callOverHttp2(service.url, batch)),
      );
      const { 16: verified = 0, 8: refused = 0 } = countByStatus(answers.flat());
      expect(verified + refused).toBe(1000);
      expect(verified).toBeGreaterThanOrEqual(limit);
      expect(verified).toBeLessThanOrEqual(limit * processes);
    },
    patienceMs,
  );
});

describe("a burst of tokens while the issuer's keys come slowly", () => {
  /** Has the issuer go over to another key, which it publishes when it is told to. */
  async function rotateSlowly(jwks: JwksServer) {
    const key = createSigningKey("ES256", "second");
    const before = jwks.requestCount;
    let publish = () => {};
    const published = new Promise<void>((resolve) => {
      publish = resolve;
    });
    jwks.serve((request, response) => {
      published.then(() => keys(key.jwk)(request, response));
    });
    const isAsked = () =>
      expect.poll(() => jwks.requestCount, { timeout: 30_000 }).toBe(before + 1);
    return { key, publish, isAsked };
  }

  it(
    "refuses none of 200 valid users behind one address",
    async () => {
      const { service, jwks } = await start(5);
      const { key, publish, isAsked } = await rotateSlowly(jwks);
      const tokens = await Promise.all(
        Array.from({ length: 200 }, (_, index) => sign(key, `user-${index}`)),
      );
      const sessionManager = new Http2SessionManager(service.url);
      const options = { baseUrl: service.url, sessionManager } as const;
      const overConnect = createClient(
        IceService,
        createConnectTransport({ ...options, httpVersion: "2" }),
      );
      const overGrpc = createClient(IceService, createGrpcTransport(options));
      const calls = tokens.map(async (token, index) => {
        const headers = { Authorization: `Bearer ${token}` };
        switch (index % 4) {
          case 0: {
            const { status } = await fetch(service.url + route, { headers });
            return status === 200 ? "ok" : `status ${status}`;
          }
          case 1:
            // Its message is empty, and so is its body.
            await overConnect.getIceServers({}, { headers });
            return "ok";
          case 2:
            await overGrpc.getIceServers({}, { headers });
            return "ok";
          default: {
            const controller = new AbortController();
            const stream = overGrpc.watchIceServers({}, { headers, signal: controller.signal });
            for await (const { response } of stream) {
              expect(response?.iceServers).toHaveLength(1);
              break;
            }
            controller.abort();
            return "ok";
          }
        }
      });
      await isAsked();
      // Longer than a call waits for others that are only slow.
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      publish();
      const outcomes = await Promise.all(
        calls.map((call) => call.catch((error: unknown) => ConnectError.from(error).message)),
      );
      sessionManager.abort();
      expect(countByStatus(outcomes)).toEqual({ ok: 200 });
    },
    patienceMs,
  );

  it.each(["1.1", "2"] as const)(
    "loses nothing of the bodies that arrive meanwhile over HTTP/%s",
    async (httpVersion) => {
      const { service, jwks } = await start(5);
      const { key, publish, isAsked } = await rotateSlowly(jwks);
      const client = createHttpClient(service.url, httpVersion);
      stops.push(() => client.close());
      const padded = Buffer.from(`{"ttlSeconds":0}${" ".repeat(60_000)}`);
      const bodies = [
        ["application/proto", Buffer.alloc(0)],
        ["application/json", Buffer.from("{}")],
        ["application/json", padded],
        ["application/json", [padded.subarray(0, 30_000), padded.subarray(30_000)]],
        ["application/grpc", envelop(Buffer.alloc(0))],
        ["application/grpc-web", envelop(Buffer.alloc(0))],
        // Whole, but not a message: told only to those who have a good token.
        ["application/json", Buffer.from("{[")],
        ["application/json", Buffer.alloc(70_000, " ")],
      ] as const;
      const tokens = await Promise.all(bodies.map((_, index) => sign(key, `user-${index}`)));
      const answers = bodies.map(([contentType, body], index) =>
        client.send({
          path: unary,
          headers: { "content-type": contentType, authorization: `Bearer ${tokens[index]}` },
          body,
        }),
      );
      await isAsked();
      publish();
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 400, 429]);
    },
    patienceMs,
  );

  it(
    "keeps deadlines, and gives up the calls of clients that go away",
    async () => {
      const { service, jwks } = await start(3);
      const { key, publish, isAsked } = await rotateSlowly(jwks);
      const session = connectHttp2(service.url);
      session.on("error", () => {});
      stops.push(() => session.destroy());
      const open = async (subject: string, headers: Record<string, string>) => {
        const token = await sign(key, subject);
        const authorization = `Bearer ${token}`;
        const stream = session.request({
          ":method": "POST",
          ":path": unary,
          ...headers,
          authorization,
        });
        stream.on("error", () => {});
        return stream.end();
      };
      const answerOf = async (stream: ClientHttp2Stream) => {
        const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
        stream.resume();
        return [headers[":status"], headers["grpc-status"]];
      };
      const grpc = { "content-type": "application/grpc" };
      const connectPost = { "content-type": "application/proto" };
      // Three of them hold a permit and wait for keys, the others wait for a permit.
      const lost = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          open(`lost-${index}`, index % 2 === 0 ? grpc : connectPost),
        ),
      );
      await isAsked();
      const late = await Promise.all([
        open("late-1", { ...grpc, "grpc-timeout": "300m" }),
        open("late-2", { ...connectPost, "connect-timeout-ms": "300" }),
      ]);
      expect(await Promise.all(late.map(answerOf))).toEqual([
        [200, "4"],
        [504, undefined],
      ]);
      for (const stream of lost) {
        stream.close(constants.NGHTTP2_CANCEL);
      }
      const canceled = () => service.logs().filter(({ code }) => code === "canceled").length;
      await expect.poll(canceled, { timeout: 30_000 }).toBe(8);
      const patient = await open("patient", connectPost);
      publish();
      expect(await answerOf(patient)).toEqual([200, undefined]);
    },
    patienceMs,
  );

  it(
    "ends with the process, in time, and is not refused for keys that never come",
    async () => {
      const { service, jwks } = await start(3);
      const { key, isAsked } = await rotateSlowly(jwks);
      const tokens = await Promise.all(
        Array.from({ length: 10 }, (_, index) => sign(key, `user-${index}`)),
      );
      const answers = callOverHttp2(service.url, tokens);
      await isAsked();
      const exitCode = service.stop();
      // Nobody knows whether the tokens are good, so that they spend no permits.
      expect(countByStatus(await answers)).toEqual({ 16: 10 });
      expect(await exitCode).toBe(0);
    },
    patienceMs,
  );

  it(
    "is served to the end by the limit that it began with, when a reload changes that",
    async () => {
      const key = createSigningKey("ES256", "first");
      const jwks = await startJwksServer(keys(key.jwk));
      stops.push(() => jwks.close());
      const configOf = (requests: number) => ({
        auth: { jwt: [{ issuer, audience, jwksUrl: jwks.url.href }] },
        ice: { stunUrls: ["stun:stun.example.com"] },
        limits: { failedAuthentication: { requests, window: "1h" } },
      });
      const { service, configure, stop } = await startReconfigurableService(configOf(2), {});
      stops.push(stop);
      const { key: next, publish, isAsked } = await rotateSlowly(jwks);
      const call = async (index: number) => {
        const headers = { Authorization: `Bearer ${await sign(next, `user-${index}`)}` };
        return String((await fetch(service.url + route, { headers })).status);
      };
      const before = Promise.all(Array.from({ length: 20 }, (_, index) => call(index)));
      await isAsked();
      await configure(configOf(3));
      const after = Promise.all(Array.from({ length: 20 }, (_, index) => call(20 + index)));
      publish();
      expect(countByStatus([...(await before), ...(await after)])).toEqual({ 200: 40 });
    },
    patienceMs,
  );
});
