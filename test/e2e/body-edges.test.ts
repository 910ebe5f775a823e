import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compressedFlag, envelop, splitEnvelopes } from "../conformance/envelope.js";
import type { HttpAnswer, HttpVersion } from "../conformance/http-client.js";
import {
  connectRawHttp2,
  flag,
  frameType,
  writeFrame,
  writeHeaders,
} from "../parts/http2-frames.js";
import type { IceService } from "../parts/ice-service.js";
import { openRawConnection } from "../parts/raw-connection.js";
import { type BothVersions, startForBothVersions } from "./both-versions.js";

const token = "body-edges-token";
const authorization = `Bearer ${token}`;
const rpc = "/ice.v1.IceService/GetIceServers";
const watch = "/ice.v1.IceService/WatchIceServers";

let service: IceService;
let clients: BothVersions["clients"];
let stop: BothVersions["stop"];
beforeAll(async () => {
  ({ service, clients, stop } = await startForBothVersions(token));
});
afterAll(() => stop());

/** An unknown field that makes a message of so many bytes, from 16,388 on. */
function pad(bytes: number): Buffer {
  const length = bytes - 4;
  const head = [0x7a, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length)]);
}

/** The status that a gRPC-Web answer in the text mode ends with. */
function readTextStatus({ body }: HttpAnswer): string {
  const parts = body.toString().split(/(?<==)(?!=)/);
  const envelopes = splitEnvelopes(Buffer.concat(parts.map((part) => Buffer.from(part, "base64"))));
  return /grpc-status: (\d+)/.exec(`${envelopes.at(-1)?.bytes}`)?.[1] ?? "none";
}

const versions: [HttpVersion][] = [["1.1"], ["2"]];

describe.each(versions)("a body in the text mode of gRPC-Web, over HTTP/%s", (version) => {
  const send = (body: Buffer | Buffer[], headers = {}) =>
    clients[version].send({
      path: rpc,
      headers: { "content-type": "application/grpc-web-text", authorization, ...headers },
      body,
    });
  const toText = (bytes: Buffer) => Buffer.from(bytes.toString("base64"));

  it("may be split at every byte", async () => {
    const text = toText(envelop(pad(16_400)).subarray(0, 300));
    const whole = toText(envelop(Buffer.from([0x10, 0x90, 0x1c])));
    for (let at = 1; at < whole.byteLength; at += 1) {
      expect(readTextStatus(await send([whole.subarray(0, at), whole.subarray(at)]))).toBe("0");
    }
    const bytes = [...text].map((byte) => Buffer.from([byte]));
    expect(readTextStatus(await send(bytes))).toBe("3");
  });

  it("may have padding after every byte of the message", async () => {
    const message = envelop(pad(16_400));
    const text = [...message].map((byte) => Buffer.from([byte]).toString("base64")).join("");
    expect(readTextStatus(await send(Buffer.from(text)))).toBe("0");
  });

  it.each([
    [65_536, "0"],
    [65_537, "8"],
  ])("of a message of %i bytes gets %s", async (bytes, status) => {
    expect(readTextStatus(await send(toText(envelop(pad(bytes)))))).toBe(status);
    for (const [coding, compress] of [
      ["gzip", gzipSync],
      ["br", brotliCompressSync],
    ] as const) {
      const body = toText(envelop(compress(pad(bytes)), compressedFlag));
      expect(readTextStatus(await send(body, { "grpc-encoding": coding }))).toBe(status);
    }
  });
});

describe("a deadline that passes while the body is on its way", () => {
  it.each<[HttpVersion, string, string, Record<string, string>, RegExp]>([
    ["1.1", rpc, "application/json", { "connect-timeout-ms": "300" }, /"deadline_exceeded"/],
    ["2", rpc, "application/proto", { "connect-timeout-ms": "300" }, /"deadline_exceeded"/],
    ["1.1", watch, "application/connect+json", { "connect-timeout-ms": "300" }, /"deadline_exc/],
    ["2", watch, "application/connect+proto", { "connect-timeout-ms": "300" }, /"deadline_exc/],
    ["1.1", rpc, "application/grpc-web", { "grpc-timeout": "300m" }, /grpc-status: 4/],
    ["2", watch, "application/grpc-web+json", { "grpc-timeout": "300m" }, /grpc-status: 4/],
    ["2", rpc, "application/grpc", { "grpc-timeout": "300m" }, /"grpc-status":"4"/],
    ["2", watch, "application/grpc", { "grpc-timeout": "300m" }, /"grpc-status":"4"/],
  ])("is told over HTTP/%s at %s with %s", async (version, path, contentType, timeout, told) => {
    const exchange = clients[version].start({
      path,
      headers: { "content-type": contentType, authorization, ...timeout },
      body: Buffer.from([0, 0, 0]),
      unfinished: true,
    });
    const { body, headers, trailers } = await exchange.answer;
    expect(`${body}${JSON.stringify({ ...headers, ...trailers })}`).toMatch(told);
    exchange.cancel();
  });
});

describe("a body that ends early", () => {
  const head = (contentType: string, length: number) =>
    `POST ${rpc} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
    `Content-Type: ${contentType}\r\nContent-Length: ${length}\r\n\r\n`;
  const countCanceled = () => service.logs().filter(({ code }) => code === "canceled").length;

  it.each(["application/json", "application/proto", "application/grpc-web"])(
    "is the client's leaving, over HTTP/1.1 with %s",
    async (contentType) => {
      for (const leave of ["end", "destroy"] as const) {
        const before = countCanceled();
        const { socket } = await openRawConnection(service.port);
        socket.write(`${head(contentType, 10)}{"a`);
        await expect.poll(() => socket.bytesWritten > 0).toBe(true);
        socket[leave]();
        await expect.poll(countCanceled, { timeout: 30_000 }).toBe(before + 1);
        socket.destroy();
      }
    },
  );

  it.each([rpc, watch])("is the client's leaving, over HTTP/2 at %s", async (path) => {
    const before = countCanceled();
    // Node's client ends a body that it gives up: this one just resets the stream.
    const client = await connectRawHttp2(service.port);
    const fields = {
      ":method": "POST",
      ":scheme": "http",
      ":path": path,
      ":authority": "x",
      "content-type": "application/grpc",
      authorization,
    };
    client.socket.write(writeFrame(frameType.headers, flag.endHeaders, 1, writeHeaders(fields)));
    client.socket.write(writeFrame(frameType.data, 0, 1, Buffer.from([0, 0, 0])));
    expect(await client.ping()).toBe(true);
    client.socket.write(writeFrame(frameType.resetStream, 0, 1, Buffer.from([0, 0, 0, 8])));
    await expect.poll(countCanceled, { timeout: 30_000 }).toBe(before + 1);
    client.socket.destroy();
  });
});

describe("many HTTP/2 calls in one segment", () => {
  const count = 50;

  /** @returns how many streams the service has ended, and how many it has reset */
  async function callTogether(fields: Readonly<Record<string, string>>, body: Buffer) {
    const client = await connectRawHttp2(service.port);
    const frames = Array.from({ length: count }, (_, index) => {
      const id = 2 * index + 1;
      const head = { ":method": "POST", ":scheme": "http", ":path": rpc, ":authority": "x" };
      return [
        writeFrame(frameType.headers, flag.endHeaders, id, writeHeaders({ ...head, ...fields })),
        writeFrame(frameType.data, flag.endStream, id, body),
      ];
    });
    client.socket.write(Buffer.concat(frames.flat()));
    await expect.poll(() => client.endedStreams().length, { timeout: 30_000 }).toBe(count);
    // What follows an answer comes before the answer to this.
    expect(await client.ping()).toBe(true);
    client.socket.destroy();
    return client.count(frameType.resetStream);
  }

  it.each<[string, Record<string, string>, Buffer]>([
    [
      "a message of gRPC",
      { "content-type": "application/grpc", authorization },
      envelop(Buffer.alloc(0)),
    ],
    [
      "JSON",
      { "content-type": "application/json", authorization },
      Buffer.from('{"ttlSeconds": 60}'),
    ],
    ["no JSON", { "content-type": "application/json", authorization }, Buffer.from("{")],
    ["a body that nobody reads", { "content-type": "application/json" }, Buffer.from("{}")],
  ])("are each answered and not reset: %s", async (_, fields, body) => {
    expect(await callTogether(fields, body)).toBe(0);
  });
});

describe("HEAD", () => {
  it.each(versions)("of each GET has its headers and no body, over HTTP/%s", async (version) => {
    for (const path of [
      "/api/v1/ice-servers",
      `${rpc}?encoding=json&message=%7B%7D`,
      `${rpc}?encoding=proto&message=`,
      "/health",
      "/healthz",
      "/readyz",
    ]) {
      const [get, head] = await Promise.all(
        ["GET", "HEAD"].map((method) =>
          clients[version].send({ method, path, headers: { authorization } }),
        ),
      );
      expect(head?.status).toBe(get?.status);
      expect(head?.body).toHaveLength(0);
      const names = (answer: HttpAnswer | undefined) =>
        Object.keys(answer?.headers ?? {}).filter((name) => name !== "transfer-encoding");
      expect(names(head).sort()).toEqual(names(get).sort());
      expect(head?.headers["content-length"]).toBe(get?.headers["content-length"]);
    }
  });

  it.each(versions)("of a watch opens none, over HTTP/%s", async (version) => {
    const path = "/api/v1/ice-servers:watch";
    const open = (headers: Record<string, string>) =>
      clients[version].send({ method: "HEAD", path, headers });
    const { status, headers, body } = await open({ authorization });
    expect([status, headers["content-type"], body.byteLength]).toEqual([
      200,
      "text/event-stream",
      0,
    ]);
    expect((await open({})).status).toBe(401);
    expect(service.logs().filter(({ msg }) => msg === "watch begins")).toEqual([]);
  });
});

it("serves reflection streams beside each other", async () => {
  const listServices = envelop(Buffer.from([0x3a, 0]));
  const answers = await Promise.all(
    ["v1", "v1alpha", "v1", "v1alpha"].map((version) =>
      clients["2"].send({
        path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
        headers: { "content-type": "application/grpc" },
        body: [listServices.subarray(0, 3), listServices.subarray(3), listServices],
      }),
    ),
  );
  for (const { body, trailers } of answers) {
    expect(trailers["grpc-status"]).toBe("0");
    const envelopes = splitEnvelopes(body);
    expect(envelopes).toHaveLength(2);
    expect(String(envelopes[1]?.bytes)).toContain("ice.v1.IceService");
  }
});

it("none of it is an error of the service", () => {
  const ofService = service
    .logs()
    .filter(({ level, fault }) => level === "error" || fault === "server");
  expect(ofService).toEqual([]);
});

describe("a body that HTTP/1.1 cannot read on", () => {
  const form = "/turn?service=turn";
  const calls = [
    [rpc, "application/json", /^HTTP\/1\.1 (400|504) [\s\S]*\{"code":"(\w+)"/],
    [form, "application/x-www-form-urlencoded", /^HTTP\/1\.1 (400|504) [\s\S]*"code":"(\w+)"/],
    [rpc, "application/grpc-web+proto", /^HTTP\/1\.1 (200) [\s\S]*grpc-status: (\d+)/],
    [watch, "application/connect+json", /^HTTP\/1\.1 (200) [\s\S]*"code":"(\w+)"/],
  ] as const;
  const head = (path: string, contentType: string, length: string) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
    `Content-Type: ${contentType}\r\n${length}\r\n\r\n`;
  const chunked = "Transfer-Encoding: chunked";

  /** Sends each part in a segment of its own, and returns what has come when the service closes. */
  async function sendParts(parts: readonly string[]): Promise<string> {
    const { socket, closed } = await openRawConnection(service.port);
    socket.setNoDelay(true);
    for (const part of parts) {
      socket.write(part);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return closed;
  }

  it.each(calls)(
    "is a mistake of the client's: a chunk that is none, at %s with %s",
    async (...call) => {
      const [path, contentType, answer] = call;
      const parts = [head(path, contentType, chunked), "1\r\na\r\nzz\r\n", "zz\r\n"];
      for (const sent of [[parts.join("")], parts]) {
        const [, , code] = answer.exec(await sendParts(sent)) ?? [];
        expect(code).toMatch(/^(invalid_argument|3)$/);
      }
      const logged = { level: "info", cause: "malformed_message" };
      await expect.poll(() => service.logs().at(-1)).toMatchObject(logged);
    },
  );

  it("is answered when the rest of it does not come", async () => {
    const codes = calls.map(async ([path, contentType, answer]) => {
      const { socket, closed } = await openRawConnection(service.port);
      socket.write(`${head(path, contentType, "Content-Length: 10")}a`);
      return answer.exec(await closed)?.[2];
    });
    const late = "deadline_exceeded";
    expect(await Promise.all(codes)).toEqual([late, late, "4", late]);
    const logged = () => service.logs().filter(({ cause }) => cause === "request_too_slow").length;
    await expect.poll(logged).toBe(4);
  });

  it.each(["application/grpc-web+proto", "application/connect+proto", "application/grpc"])(
    "ends a stream of requests without an error of ours, with %s",
    async (contentType) => {
      const reflect = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
      const parts = [head(reflect, contentType, chunked), "zz\r\n"];
      for (const sent of [[parts.join("")], parts]) {
        await sendParts(sent);
      }
      expect(service.logs().filter(({ level }) => level === "error")).toEqual([]);
    },
  );

  it("gets no second answer when the call has been answered without it", async () => {
    const { socket, closed } = await openRawConnection(service.port);
    socket.setNoDelay(true);
    const length = "Content-Length: 10";
    socket.write(head(rpc, "application/json", length).replace(token, "unknown"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.end("a");
    expect((await closed).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 401"]);
  });

  it("does not cost a call that waits the answer when it belongs to the next request", async () => {
    const { socket, closed } = await openRawConnection(service.port);
    socket.write(head(rpc, "application/json", "Content-Length: 2"));
    // The call begins, and its body comes with what is no request.
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.write("{}no request\r\n\r\n");
    expect(await closed).toMatch(/^HTTP\/1\.1 200 /);
  });
});
