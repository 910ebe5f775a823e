import { expect, it } from "vitest";
import { envelop } from "../conformance/envelope.js";
import { createHttpClient } from "../conformance/http-client.js";
import { startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

// Both bounds are of time, and one must not be taken for the other: a request that is not sent on is
// ended after 30 s, a reflection stream after 60 s.
it("a reflection stream that has been answered is kept for 60 s, a health watch for longer", async () => {
  const service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ other: "reflection-age-token" }) },
    config: { auth: { connectorTokensFile: "tokens.yaml" }, shutdown: { delay: "0s" } },
  });
  const client = createHttpClient(service.url, "2");
  const headers = { "content-type": "application/grpc" };
  try {
    const startedAtMs = performance.now();
    const watch = client.start({
      path: "/grpc.health.v1.Health/Watch",
      headers,
      body: envelop(Buffer.alloc(0)),
    });
    const reflection = client.start({
      path: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      headers,
      body: envelop(Buffer.from([0x3a, 0])),
      unfinished: true,
    });
    let watchHasEnded = false;
    void watch.answer.finally(() => {
      watchHasEnded = true;
    });
    expect((await reflection.answer).trailers["grpc-status"]).toBe("8");
    expect(performance.now() - startedAtMs).toBeGreaterThan(59_000);
    expect(watchHasEnded).toBe(false);
    const stopped = service.stop();
    expect((await watch.answer).trailers["grpc-status"]).toBe("14");
    await stopped;
  } finally {
    client.close();
    await service.stop();
  }
}, 120_000);
