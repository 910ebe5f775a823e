import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { canonicalizeCodings, negotiateCompression } from "../../src/protocols/content-coding.js";

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

describe("negotiateCompression", () => {
  const available = [compressionGzip, compressionBrotli];

  it("knows codings in any case", () => {
    const found = negotiateCompression(available, "X-GZIP", "BR", "accept-encoding");
    expect(found).toMatchObject({ request: compressionGzip, response: compressionBrotli });
    expect(found.error).toBeUndefined();
  });

  it("has none where none is named", () => {
    expect(negotiateCompression(available, null, null, "accept-encoding")).toMatchObject({
      request: null,
      response: null,
    });
  });
});
