import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "headers-test-token";
const authorization = `Authorization: Bearer ${token}`;
const method = "/ice.v1.IceService/GetIceServers";
let service: IceService;
beforeAll(async () => {
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ headers: token }) },
    config: { auth: { connectorTokensFile: "tokens.yaml" } },
  });
});
afterAll(() => service.stop());

const common = ["cache-control: no-store", "x-content-type-options: nosniff"];
const policy = "content-security-policy: default-src 'none'; frame-ancestors 'none'";

/** The lines of the answer's head, of a request that ends its connection. */
async function askRaw(start: string, lines: readonly string[], body = ""): Promise<string[]> {
  const socket = connect(service.port, "127.0.0.1");
  const head = [start, "Host: x", "Connection: close", ...lines].join("\r\n");
  socket.write(`${head}\r\n\r\n${body}`);
  const [answer = ""] = (await text(socket)).split("\r\n\r\n");
  return answer.split("\r\n");
}

const json = ["Content-Type: application/json", "Content-Length: 2"];

describe("every answer of the port carries the common headers", () => {
  it.each<[status: number, start: string, lines?: string[], body?: string]>([
    [200, "GET /api/v1/ice-servers HTTP/1.1", [authorization]],
    [200, "HEAD /api/v1/ice-servers HTTP/1.1", [authorization]],
    [200, "GET /health HTTP/1.1"],
    [200, "GET /health HTTP/1.1", ["Expect: something"]],
    [200, `POST ${method} HTTP/1.1`, [...json, authorization], "{}"],
    [200, "POST /grpc.health.v1.Health/Check HTTP/1.1", json, "{}"],
    [
      204,
      "OPTIONS /api/v1/ice-servers HTTP/1.1",
      ["Origin: https://a.example", "Access-Control-Request-Method: GET"],
    ],
    [400, "BREW / HTTP/1.1"],
    [400, "GET /api/v1/ice-servers?ttlSeconds=x HTTP/1.1", [authorization]],
    [401, "GET /api/v1/ice-servers HTTP/1.1"],
    [401, `POST ${method} HTTP/1.1`, json, "{}"],
    [404, "GET / HTTP/1.1"],
    [405, "DELETE /api/v1/ice-servers HTTP/1.1"],
    [415, `POST ${method} HTTP/1.1`],
    [431, `GET /${"a".repeat(21_000)} HTTP/1.1`],
  ])("%i to %s", async (status, start, lines = [], body = "") => {
    const answer = await askRaw(start, lines, body);
    expect(answer[0]).toMatch(`HTTP/1.1 ${status} `);
    for (const header of [...common, policy]) {
      expect(answer.filter((line) => line.toLowerCase() === header)).toHaveLength(1);
    }
  });

  it("over Connect streams", async () => {
    const lines = ["Content-Type: application/connect+json", "Content-Length: 7"];
    const start = "POST /grpc.reflection.v1.ServerReflection/ServerReflectionInfo HTTP/1.1";
    const answer = (await askRaw(start, lines, "\0\0\0\0\x02{}")).map((line) => line.toLowerCase());
    expect(answer).toEqual(expect.arrayContaining([...common, policy]));
  });

  it.each(["application/grpc", "application/grpc-web"])(
    "but for those of pages, which %s has none of",
    async (type) => {
      for (const path of [method, "/unknown.Service/Method", "/grpc.health.v1.Health/Check"]) {
        const session = connectHttp2(service.url);
        const stream = session.request({
          ":method": "POST",
          ":path": path,
          "content-type": type,
          te: "trailers",
        });
        const headers = await new Promise<object>((resolve, reject) => {
          stream.on("response", resolve).on("error", reject).resume().end(Buffer.alloc(5));
        });
        session.destroy();
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
        expect(lines).toEqual(expect.arrayContaining(common));
        expect(lines).not.toContain(policy);
      }
    },
  );
});
