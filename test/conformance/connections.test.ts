import { once } from "node:events";
import { Agent, request as requestHttp1 } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { describe, expect, it } from "vitest";
import { useEchoServer } from "./echo-fixture.js";
import { path, protoWires, writeRequest } from "./wire.js";

const echo = useEchoServer();
const bytes = (index: number) => Buffer.from([index]).toString("base64");

describe.each(protoWires)("calls at the same time ($name)", (wire) => {
  it("get each its own answer, slow and failed ones among them", async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const failure = { code: 5, message: `no ${index}` };
        const data = [bytes(index)];
        const request = index % 3 === 0 ? { failure } : { data, delayMs: (index * 7) % 20 };
        return echo.call(wire, { request });
      }),
    );
    expect(answers.map(({ error, messages }) => error?.message ?? messages[0]?.data)).toEqual(
      answers.map((_, index) => (index % 3 === 0 ? `no ${index}` : bytes(index))),
    );
  });
});

describe("an HTTP/1.1 connection", () => {
  const post = (json: string, contentType = "application/json") =>
    `POST ${path("Echo")} HTTP/1.1\r\nHost: x\r\nContent-Type: ${contentType}\r\nContent-Length: ${json.length}\r\n\r\n${json}`;

  it("takes the next request before it has answered the first, and answers in order", async () => {
    const { hostname, port } = new URL(echo.url());
    const socket = connectTcp(Number(port), hostname);
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.write(
      post('{"data":["AAAA"],"delayMs":100}') +
        post('{"failure":{"code":5,"message":"second"}}') +
        post("x", "text/plain") +
        post('{"data":["BBBB"]}'),
    );
    await expect.poll(() => received).toContain('"data":"BBBB"');
    socket.destroy();
    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
    expect(statuses).toEqual(["200", "404", "415", "200"]);
    expect(received.indexOf("AAAA")).toBeLessThan(received.indexOf("second"));
  });

  it("is kept for the next call, after success and failure", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = async (json: string) => {
      const request = requestHttp1(echo.url() + path("Echo"), {
        agent,
        method: "POST",
        headers: { "content-type": "application/json" },
      });
      request.end(json);
      const [response] = await once(request, "response");
      response.resume();
      await once(response, "end");
      // The agent takes the connection back after this turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      return { status: response.statusCode, reused: request.reusedSocket };
    };
    expect(await send("{}")).toEqual({ status: 200, reused: false });
    expect(await send('{"failure":{"code":13}}')).toEqual({ status: 500, reused: true });
    expect(await send("no JSON")).toEqual({ status: 400, reused: true });
    expect(await send("{}")).toEqual({ status: 200, reused: true });
    agent.destroy();
  });
});

describe.each(protoWires.filter(({ httpVersion }) => httpVersion === "2"))(
  "an HTTP/2 connection that its client closes ($name)",
  (wire) => {
    it("cancels every call on it", async () => {
      const calls = [1, 2, 3].map((number) => `connection ${number} ${wire.name}`);
      const states = () => calls.map(echo.stateOf);
      const session = connectHttp2(echo.url());
      session.on("error", () => {});
      for (const call of calls) {
        const request = writeRequest(wire, { request: { call, delayMs: 10_000 } });
        const { method = "POST", path: target, headers } = request;
        const stream = session.request({ ...headers, ":method": method, ":path": target });
        stream.on("error", () => {});
        stream.end(request.body);
      }
      await expect.poll(states, { interval: 5 }).toEqual(calls.map(() => "running"));
      session.destroy();
      await expect.poll(states, { interval: 5 }).toEqual(calls.map(() => "canceled"));
    });
  },
);
