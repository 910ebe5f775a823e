import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { startService } from "../../src/compose.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { loadConfig } from "../../src/service-config.js";
import {
  audience,
  createSigningKey,
  issuer,
  signToken,
  startSeconds,
} from "../authentication/signing-key.js";
import { createMovableClock } from "../authentication/verifier-setup.js";
import { keys, startJwksServer } from "../parts/jwks-server.js";
import { createQuietSurroundings } from "../parts/quiet-surroundings.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

it("a watch ends when its issuer withdraws the key of its token, though nobody else calls", async () => {
  const [old, next] = [createSigningKey("ES256", "old"), createSigningKey("ES256", "next")];
  const jwks = await startJwksServer(keys(old.jwk));
  const directory = await createTemporaryDirectory("withdrawn");
  const files = new DiskFiles();
  const file = await directory.write(
    "ice.yaml",
    stringify({
      listen: { host: "127.0.0.1", port: 0 },
      auth: { jwt: [{ issuer, audience, jwksUrl: jwks.url.href }] },
      shutdown: { delay: "0s" },
    }),
  );
  const movable = createMovableClock();
  const service = await startService(
    loadConfig({ file, env: {}, files }).config,
    files,
    createQuietSurroundings(movable.clock),
  );
  try {
    await service.ready;
    const token = await signToken(old, { claims: { exp: startSeconds + 9999 } });
    const transport = createConnectTransport({ baseUrl: service.url, httpVersion: "1.1" });
    const watch = createClient(IceService, transport)
      .watchIceServers({}, { headers: { Authorization: `Bearer ${token}` }, timeoutMs: 15_000 })
      [Symbol.asyncIterator]();
    expect((await watch.next()).value?.response?.iceServers).toHaveLength(1);
    jwks.serve(keys(next.jwk));
    // Keys are asked for again when they are ten minutes old.
    movable.moveSeconds(601);
    const error: unknown = await watch.next().catch((reason: unknown) => reason);
    expect(ConnectError.from(error).code).toBe(Code.Unauthenticated);
  } finally {
    await service.stop();
    await jwks.close();
    await directory.remove();
  }
});
