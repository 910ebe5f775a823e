import { connect as connectHttp2 } from "node:http2";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpClient, type HttpClient } from "../conformance/http-client.js";
import { createGrpcJsClient, type GrpcJsClient } from "../parts/grpc-js-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { generatePythonClient, type PythonGrpc } from "../parts/python-grpc.js";
import { connectorTokens } from "../parts/tokens.js";

const secret = "s".repeat(32);
const issuer = "https://issuer.test";
const route = "/api/v1/ice-servers";

/** A connector token of this many bytes. */
const opaque = (bytes: number) => "t".repeat(bytes);

/** A JWT with the groups of its user, as Entra ID and pomerium issue them (pomerium/pomerium#2730). */
const signLarge = (groupCount: number) =>
  new SignJWT({
    groups: Array.from(
      { length: groupCount },
      (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    ),
  })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(issuer)
    .setAudience("ice")
    .setSubject("alice")
    .setExpirationTime("5m")
    .sign(Buffer.from(secret));

let services: Readonly<Record<"default" | "largest", IceService>>;
let python: PythonGrpc;
const clients: { close(): void }[] = [];

async function start(maxTokenBytes?: number): Promise<IceService> {
  const sizes = [12_288, 12_289, 32_768, 32_769];
  return startIceService({
    files: {
      "jwt.secret": secret,
      "tokens.yaml": connectorTokens(
        Object.fromEntries(sizes.map((size) => [`t${size}`, opaque(size)])),
      ),
    },
    config: {
      auth: {
        ...(maxTokenBytes !== undefined && { maxTokenBytes }),
        jwt: [{ issuer, audience: "ice", secretFile: "jwt.secret" }],
        connectorTokensFile: "tokens.yaml",
      },
      ice: { stunUrls: ["stun:stun.example.com"] },
      shutdown: { delay: "0s" },
    },
  });
}

beforeAll(async () => {
  python = await generatePythonClient();
  services = { default: await start(), largest: await start(32_768) };
});
afterAll(async () => {
  for (const client of clients.splice(0)) {
    client.close();
  }
  await Promise.all([services.default.stop(), services.largest.stop(), python.stop()]);
});

function openHttp(service: IceService, version: "1.1" | "2"): HttpClient {
  const client = createHttpClient(service.url, version);
  clients.push(client);
  return client;
}

function openGrpcJs(service: IceService): GrpcJsClient {
  const client = createGrpcJsClient(service.target);
  clients.push({ close: () => void client.stop() });
  return client;
}

type Call = (service: IceService, token: string) => Promise<"accepted" | "rejected">;

const overHttp =
  (version: "1.1" | "2", place: "header" | "query", path = route): Call =>
  async (service, token) => {
    const inHeader = { path, headers: { authorization: `Bearer ${token}` } };
    const client = openHttp(service, version);
    // An HTTP/2 client learns the limits of the service from its first answer.
    const request = place === "header" ? inHeader : { path: `${path}?token=${token}` };
    const statuses = [];
    for (let count = 0; count < 2; count += 1) {
      statuses.push((await client.send({ method: "GET", ...request })).status);
    }
    expect(new Set(statuses).size).toBe(1);
    return readStatus(statuses[0]);
  };

function readStatus(status: unknown): "accepted" | "rejected" {
  if (status !== 200 && status !== 401) {
    throw new Error(`status ${status}`);
  }
  return status === 200 ? "accepted" : "rejected";
}

const ways: [what: string, call: Call][] = [
  ["HTTP/1.1, header", overHttp("1.1", "header")],
  ["HTTP/1.1, query", overHttp("1.1", "query")],
  ["HTTP/2, header", overHttp("2", "header")],
  ["HTTP/2, query", overHttp("2", "query")],
  [
    "Connect POST over HTTP/1.1",
    async (service, token) => {
      const { status } = await openHttp(service, "1.1").send({
        path: "/ice.v1.IceService/GetIceServers",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: Buffer.from("{}"),
      });
      return readStatus(status);
    },
  ],
  [
    "gRPC by grpc-js",
    (service, token) =>
      openGrpcJs(service)
        .getIceServers({ token })
        .then(
          () => "accepted" as const,
          (error) => (error.code === 16 ? ("rejected" as const) : Promise.reject(error)),
        ),
  ],
  [
    "gRPC by Python's grpcio",
    async ({ target }, token) => {
      const outcome = await python.getIceServers({ target, token });
      if ("error" in outcome && outcome.error.code !== "UNAUTHENTICATED") {
        throw new Error(outcome.error.details);
      }
      return "response" in outcome ? "accepted" : "rejected";
    },
  ],
];

describe.each(ways)("a token over %s", (_, call) => {
  it.each<["default" | "largest", bytes: number, result: "accepted" | "rejected"]>([
    ["default", 12_288, "accepted"],
    ["default", 12_289, "rejected"],
    ["largest", 32_768, "accepted"],
    ["largest", 32_769, "rejected"],
  ])("with the %s limit and %d bytes is %s", async (limit, bytes, result) => {
    expect(await call(services[limit], opaque(bytes))).toBe(result);
  });

  it("that is a JWT of 30 KiB is accepted where the limit allows it", async () => {
    const token = await signLarge(580);
    expect(token.length).toBeGreaterThan(30_000);
    expect(token.length).toBeLessThan(32_768);
    expect(await call(services.largest, token)).toBe("accepted");
  });
});

describe("all headers together", () => {
  const filler = (bytes: number) => ({ "x-filler": "f".repeat(bytes) });
  const token = opaque(12_288);

  it.each(["1.1", "2"] as const)(
    "can be 8 KiB larger than the token over HTTP/%s",
    async (version) => {
      const client = openHttp(services.default, version);
      const send = (bytes: number) =>
        client.send({
          method: "GET",
          path: route,
          headers: { authorization: `Bearer ${token}`, ...filler(bytes) },
        });
      expect((await send(7_500)).status).toBe(200);
      expect((await send(7_500)).status).toBe(200);
    },
  );

  it("get 431 over HTTP/1.1 where they are larger", async () => {
    const client = openHttp(services.default, "1.1");
    const answer = await client.send({
      method: "GET",
      path: route,
      headers: { authorization: `Bearer ${token}`, ...filler(9_000) },
    });
    expect(answer.status).toBe(431);
  });

  it("cost one stream, and not the connection, over HTTP/2 where they are larger", async () => {
    const session = connectHttp2(services.default.url);
    clients.push({ close: () => session.destroy() });
    const request = (bytes: number) =>
      new Promise<string>((resolve) => {
        const stream = session.request({
          ":path": route,
          authorization: `Bearer ${token}`,
          ...filler(bytes),
        });
        stream.on("response", (headers) => resolve(String(headers[":status"])));
        stream.on("error", ({ message }) => resolve(message));
        stream.resume();
      });
    const outcomes = [];
    for (const bytes of [0, 9_000, 0]) {
      outcomes.push(await request(bytes));
    }
    // Once the client has acknowledged our settings, Node resets the stream, and no answer is possible.
    expect(outcomes).toEqual(["200", expect.stringMatching(/^431$|ENHANCE_YOUR_CALM/), "200"]);
  });
});
