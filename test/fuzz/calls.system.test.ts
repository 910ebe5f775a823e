import { connect as connectHttp2 } from "node:http2";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  authorization,
  type FuzzedService,
  methodPath,
  startFuzzedService,
} from "./fuzzed-service.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

let fuzzed: FuzzedService;
beforeAll(async () => {
  fuzzed = await startFuzzedService();
});
afterAll(async () => {
  expect(await fuzzed.service.stop()).toBe(0);
});

describe("a call with any body", { timeout: fuzzTimeoutMs }, () => {
  const envelope = (flags: number, length: number, data: Uint8Array) => {
    const head = Buffer.alloc(5);
    head.writeUInt8(flags);
    head.writeUInt32BE(length, 1);
    return Buffer.concat([head, data]);
  };
  const raw = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
  const json = textOf(
    "{",
    "}",
    '"ttlSeconds":',
    '"maxUrls":',
    '"region":',
    "60",
    '"a"',
    ",",
    "null",
    "-1",
    "1e3",
    "\\ud800",
    "[",
  ).map((text) => Buffer.from(text));
  const message = fc.oneof(raw, json, fc.constant(Buffer.from("1078", "hex")));
  const enveloped = fc
    .tuple(fc.constantFrom(0, 0, 0, 1, 2, 128, 255), fc.option(fc.nat(0xffffffff)), message)
    .map(([flags, length, data]) => envelope(flags, length ?? data.length, data));
  const body = fc.oneof(
    message,
    enveloped,
    fc.tuple(enveloped, raw).map((parts) => Buffer.concat(parts)),
  );
  const headers = fc.dictionary(
    fc.constantFrom(
      "content-encoding",
      "grpc-encoding",
      "grpc-accept-encoding",
      "accept-encoding",
      "grpc-timeout",
      "connect-timeout-ms",
      "connect-protocol-version",
      "x-bin",
      "origin",
    ),
    fc.oneof(
      fc.constantFrom(
        "gzip",
        "br",
        "identity",
        "deflate",
        "1S",
        "0n",
        "99999999H",
        "1000",
        "-1",
        "1",
        "trailers",
      ),
      fc.stringMatching(/^[!-~]{0,12}$/),
    ),
  );
  const type = fc.constantFrom(
    "application/json",
    "application/proto",
    "application/grpc",
    "application/grpc+json",
    "application/grpc-web",
    "application/grpc-web+json",
    "application/json; charset=utf-8",
    "application/grpc+thrift",
    "application/connect+json",
    "text/plain",
    "",
  );
  const path = fc.constantFrom(
    methodPath,
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    `${methodPath}x`,
    "/api/v1/ice-servers",
  );

  it("is answered as its protocol has it", async () => {
    const session = connectHttp2(fuzzed.service.url);
    await tryToBreak(
      fc.asyncProperty(path, type, headers, body, async (where, contentType, extra, bytes) => {
        const stream = session.request({
          ":method": "POST",
          ":path": where,
          authorization,
          ...extra,
          "content-type": contentType,
        });
        const answer = await new Promise<Record<string, unknown>>((resolve, reject) => {
          const all: Record<string, unknown> = {};
          const add = (more: object) => Object.assign(all, more);
          stream.on("response", add).on("trailers", add).on("error", reject).resume();
          stream.on("close", () => resolve(all));
          stream.end(bytes);
        });
        const status = Number(answer[":status"]);
        expect([200, 400, 401, 404, 405, 408, 415, 429, 501, 504]).toContain(status);
        if (status === 200 && /^application\/grpc(\+|$)/.test(String(answer["content-type"]))) {
          expect(String(answer["grpc-status"])).toMatch(/^\d+$/);
        }
        await fuzzed.expectHealthy();
      }),
    );
    session.close();
  });
});
