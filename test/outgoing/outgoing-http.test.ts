import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createOutgoingHttp,
  type OutgoingHttp,
  type OutgoingRequest,
} from "../../src/outgoing/outgoing-http.js";

const limits = { timeoutMs: 60_000, maxBytes: 1000 };

let server: Server;
let answer: RequestListener;
let requests: string[];
let url: URL;
let outgoing: OutgoingHttp;

beforeEach(async () => {
  requests = [];
  answer = (_, response) => response.end("hello");
  server = createServer(async (request, response) => {
    const body: Buffer[] = [];
    for await (const chunk of request) {
      body.push(chunk);
    }
    const { method, url: path, headers } = request;
    requests.push(`${method} ${path} ${headers.authorization ?? "-"} ${Buffer.concat(body)}`);
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = new URL(`http://127.0.0.1:${address instanceof Object ? address.port : 0}/path?q=1`);
  outgoing = createOutgoingHttp({});
});
afterEach(async () => {
  outgoing.close();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

/** The message of its error, or the answer's text. */
function send(request: Partial<OutgoingRequest> = {}, to = url): Promise<string> {
  return outgoing.send(to, { ...limits, ...request }).then(
    ({ text }) => text,
    (error) => `${error.name}: ${error.message}`,
  );
}

const failures: [what: string, answer: RequestListener, problem: RegExp][] = [
  ["drops the connection", (request) => request.socket.destroy(), /: (UND_ERR_SOCKET|ECONNRESET)$/],
  ["is too long", (_, response) => response.end("x".repeat(1001)), /: larger than 1000 bytes$/],
  [
    "is too long unpacked",
    (_, response) => {
      response.setHeader("Content-Encoding", "gzip");
      response.end(gzipSync("x".repeat(1001)));
    },
    /: larger than 1000 bytes$/,
  ],
  [
    "redirects",
    (_, response) => response.writeHead(307, { Location: "/elsewhere" }).end(),
    /: HTTP status 307, a redirect, which is not followed$/,
  ],
];

describe("createOutgoingHttp", () => {
  it("sends what it is given, and returns status, headers, and text", async () => {
    answer = (_, response) => response.writeHead(404, { "Retry-After": "7" }).end("\uFEFFnö");
    const request = {
      method: "POST",
      headers: { Authorization: "Basic eDp5" },
      body: "a=b",
    } as const;
    const { status, headers, text } = await outgoing.send(url, { ...limits, ...request });
    expect([status, headers.get("retry-after"), text]).toEqual([404, "7", "nö"]);
    expect(requests).toEqual(["POST /path?q=1 Basic eDp5 a=b"]);
  });

  it.each(failures)("fails when the answer %s", async (_, failing, problem) => {
    answer = failing;
    expect(await send()).toMatch(problem);
    expect(requests).toHaveLength(1);
  });

  it("reads an answer that is just short enough", async () => {
    answer = (_, response) => response.end("x".repeat(1000));
    expect(await send()).toHaveLength(1000);
  });

  it("gives up after its time, and when told so", async () => {
    answer = (_, response) => response.write("h");
    expect(await send({ timeoutMs: 100 })).toBe("OutgoingError: no whole answer within 100 ms");
    expect(await send({ signal: AbortSignal.abort() })).toBe("OutgoingError: given up");
    const controller = new AbortController();
    answer = () => controller.abort();
    expect(await send({ signal: controller.signal })).toBe("OutgoingError: given up");
  });

  it("names the cause, not the URL", async () => {
    const unresolved = new URL("http://name.invalid/path?secret");
    expect(await send({}, unresolved)).toMatch(/^OutgoingError: (ENOTFOUND|EAI_AGAIN)$/);
  });

  it.each(["hidden\ntoken", "hidden\0", "hidden€"])(
    "sends no header %j, and does not quote it",
    async (value) => {
      expect(await send({ headers: { Authorization: value } })).toBe(
        "OutgoingError: a header has a value that cannot be sent",
      );
      expect(requests).toEqual([]);
    },
  );

  it("does not pass by a proxy that cannot be used", async () => {
    outgoing = createOutgoingHttp({ HTTP_PROXY: "socks5://user:hidden@proxy:1080" });
    expect(await send({}, new URL("http://keys.test/"))).toBe(
      "OutgoingError: HTTP_PROXY has the protocol socks5:, not http: or https:",
    );
    expect(await send()).toBe("hello");
  });
});
