import { describe, expect, it } from "vitest";
import { encodeGrpcMessage } from "../../../src/protocols/grpc/trailers.js";

describe("encodeGrpcMessage", () => {
  it.each([
    ["region is unknown: the regions are eu, us", "region is unknown: the regions are eu, us"],
    ["!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~", "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"],
    ["100%", "100%25"],
    ["  a b ", "%20%20a b%20"],
    ["a\r\nb\0\x7f", "a%0D%0Ab%00%7F"],
    ["é€😀", "%C3%A9%E2%82%AC%F0%9F%98%80"],
    ["\ud800", "%EF%BF%BD"],
  ])("writes %j as %j", (message, encoded) => {
    expect(encodeGrpcMessage(message)).toBe(encoded);
  });
});
