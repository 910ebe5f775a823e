import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { splitEnvelopes } from "../conformance/envelope.js";
import {
  createHttpClient,
  type HttpAnswer,
  type HttpClient,
  type HttpRequest,
  type HttpVersion,
} from "../conformance/http-client.js";
import { listOddRequests, maxBytes, type OddWire, oddWires } from "../conformance/odd-requests.js";
import { statusCodes } from "../conformance/status-codes.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { type StockConnectServer, startStockConnectServer } from "../parts/stock-connect-server.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "stock-comparison-token";
// Enough for the response to be compressed.
const stunUrls = Array.from({ length: 60 }, (_, index) => `stun:stun-${index}.example.com`);

let service: IceService;
let stock: StockConnectServer;
let clients: Record<HttpVersion, { readonly ours: HttpClient; readonly stock: HttpClient }>;
beforeAll(async () => {
  stock = await startStockConnectServer(stunUrls, maxBytes);
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ odd: token }) },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls },
      shutdown: { delay: "0s", timeout: "1s" },
    },
  });
  const open = (version: HttpVersion, stockUrl: string) => ({
    ours: createHttpClient(service.url, version),
    stock: createHttpClient(stockUrl, version),
  });
  clients = { "1.1": open("1.1", stock.http1Url), "2": open("2", stock.http2Url) };
});
afterAll(async () => {
  clients["2"].ours.close();
  clients["2"].stock.close();
  stock.stop();
  await service.stop();
});

/** Where we answer otherwise, with our answer. test/conformance/README.md says why. */
const differences: readonly [request: RegExp, ours: RegExp][] = [
  [/^(gzip|br), cut$/, /invalid_argument$/],
  [/^(gzip|br), (not compressed|then garbage)$/, /internal$/],
  [/^(undecodable|JSON )/, /invalid_argument$/],
  [/^no time$/, /deadline_exceeded$/],
  [/^flags \d+$/, /invalid_argument$/],
  [/^head without message$/, /invalid_argument$/],
  [/^(second message cut|end of stream after it)$/, /unimplemented$/],
  [/^encoding "/, /accepts (gzip|br),(gzip|br),identity, unimplemented$/],
];

const seen = new Set<unknown>();

/** What a client learns from an answer, whichever way its protocol says it. */
function describeAnswer({ contentType }: OddWire, http: HttpAnswer): string {
  const { status, headers, trailers, body } = http;
  const accepted = headers["grpc-accept-encoding"];
  const parts = [`HTTP ${status}`, headers["content-type"]];
  const encoding = Object.entries(headers).find(([name]) =>
    /^(content|grpc|connect-content)-encoding$/.test(name),
  );
  parts.push(...(encoding ?? []), ...(accepted === undefined ? [] : [`accepts ${accepted}`]));
  if (status !== 200) {
    return [...parts, JSON.parse(body.toString()).code].join(", ");
  }
  if (/^application\/(json|proto)$/.test(contentType)) {
    return [...parts, "ok"].join(", ");
  }
  const envelopes = splitEnvelopes(body);
  const end =
    contentType.startsWith("application/grpc") && !contentType.includes("web")
      ? `grpc-status: ${headers["grpc-status"] ?? trailers["grpc-status"]}`
      : `${envelopes.pop()?.bytes}`;
  const messages = envelopes.map(({ flags }) => `message ${flags}`);
  return [...parts, ...messages, readEnd(end)].join(", ");
}

/** The code in gRPC's trailers, or in the end of a Connect stream. */
function readEnd(end: string): string {
  const number = /grpc-status: *(\d+)/i.exec(end)?.[1];
  return number === undefined
    ? (JSON.parse(end).error?.code ?? "ok")
    : (statusCodes.find((each) => each.number === Number(number))?.name ?? "ok");
}

/** A watch does not end by itself: its client leaves when it has the first message. */
async function call(client: HttpClient, wire: OddWire, request: HttpRequest): Promise<string> {
  const exchange = client.start(request);
  if (wire.method === "WatchIceServers") {
    const first = exchange.firstBytes.then((chunks) =>
      Buffer.from(z.array(z.instanceof(Buffer)).parse(chunks)[0] ?? []),
    );
    const isOpen = first.then((bytes) => (bytes[0] ?? 0) < 2);
    // Without a body, nothing but the answer comes.
    if (await Promise.race([isOpen, exchange.answer.then(() => false)])) {
      exchange.cancel();
      return "opened";
    }
  }
  return describeAnswer(wire, await exchange.answer);
}

describe.each(oddWires.flatMap((wire) => wire.versions.map((version) => ({ wire, version }))))(
  "$wire.name, over HTTP/$version",
  ({ wire, version }) => {
    it.each(listOddRequests(wire))("is answered as Connect answers: $name", async (odd) => {
      const { name, request } = odd;
      const authorization = `Bearer ${token}`;
      const withToken = { ...request, headers: { ...request.headers, authorization } };
      const [ours, theirs] = await Promise.all([
        call(clients[version].ours, wire, withToken),
        call(clients[version].stock, wire, request),
      ]);
      const known = differences.find(([pattern]) => pattern.test(name));
      if (known === undefined || ours === theirs) {
        expect(ours).toBe(theirs);
      } else {
        expect(ours).toMatch(known[1]);
        seen.add(known);
      }
    });
  },
);

it("the differences are those that are known", () => {
  expect(differences.filter((each) => !seen.has(each))).toEqual([]);
});

it("none of it is an error of the service", () => {
  const ofService = service
    .logs()
    .filter(({ level, fault }) => level === "error" || fault === "server");
  expect(ofService).toEqual([]);
});
