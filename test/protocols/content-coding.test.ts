import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import {
  canonicalizeCodings,
  negotiateCompression,
  orderCodings,
} from "../../src/protocols/content-coding.js";

describe("canonicalizeCodings", () => {
  it.each([
    ["gzip", "gzip"],
    ["GZIP", "gzip"],
    ["X-GZip", "gzip"],
    [" Identity ", "identity"],
    ["Br, x-gzip;q=0.5, *", "br, gzip;q=0.5, *"],
    ["x-gzip-2, ax-gzip", "x-gzip-2, ax-gzip"],
  ])("writes %s as %s", (codings, canonical) => {
    expect(canonicalizeCodings(codings)).toBe(canonical);
  });
});

// RFC 9110 section 12.5.3.
describe("orderCodings", () => {
  it.each([
    ["gzip, deflate, br", "gzip, deflate, br"],
    ["gzip;q=1", "gzip"],
    ["gzip ; q=0.5, br", "br, gzip"],
    ["br;q=0.1,gzip;q=0.9,zstd;q=0.5", "gzip, zstd, br"],
    // Netflix/zuul#2208
    ["gzip;q=0", "identity"],
    ["gzip;q=0.000, br;q=0.001", "br"],
    ["gzip;level=9;q=0", "identity"],
    ["gzip;q=high", "gzip"],
    ["gzip;q=.", "identity"],
    [";q=1", ""],
  ])("of %j leaves %j", (codings, ordered) => {
    expect(orderCodings(codings)).toBe(ordered);
  });
});

describe("negotiateCompression", () => {
  const available = [compressionGzip, compressionBrotli];

  it("knows codings in any case", () => {
    const found = negotiateCompression(available, "X-GZIP", "BR", "accept-encoding");
    expect(found).toMatchObject({ request: compressionGzip, response: compressionBrotli });
    expect(found.error).toBeUndefined();
  });

  it.each([
    // jquery/codeorigin.jquery.com#43, fastify/fastify-compress#85
    ["GZIP;q=1", compressionGzip],
    ["gzip;q=0.5, BR;q=0.8", compressionBrotli],
    ["zstd, X-GZIP;q=0.1", compressionGzip],
    ["gzip;q=0", null],
  ])("answers Accept-Encoding: %s", (accepted, response) => {
    const found = negotiateCompression(available, "gzip", accepted, "accept-encoding");
    expect(found).toMatchObject({ request: compressionGzip, response });
  });

  it("has none where none is named", () => {
    expect(negotiateCompression(available, null, null, "accept-encoding")).toMatchObject({
      request: null,
      response: null,
    });
  });
});
