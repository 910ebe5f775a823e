import { readlink, realpath, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { issuedTurnServer } from "../parts/issued-turn-server.js";
import { scrape } from "../parts/metrics.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { type Watcher, watchWithCurl, watchWithGrpcJs } from "../parts/watchers.js";

/*
 * The life of a service in brief. test/node-versions.sh runs it on each version of Node that
 * production may have.
 */

const token = "smoke-test-token";
const headers = { authorization: `Bearer ${token}` };
const answerSchema = z.looseObject({ iceServers: z.unknown() });
const eventually = <T>(probe: () => T) => expect.poll(probe);

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await createTemporaryDirectory("smoke");
  await directory.write("tokens.yaml", connectorTokens({ smoke: token }));
  await directory.write("turn.secret", "north");
});
afterEach(() => directory.remove());

/** Replaced in one step, so that no reader sees half of it. */
async function configure(turnHost: string): Promise<void> {
  const config = {
    listen: { host: "127.0.0.1", port: 0 },
    admin: { host: "127.0.0.1", port: 0 },
    auth: { connectorTokensFile: "tokens.yaml" },
    ice: {
      stunUrls: [],
      turn: { urls: [`turn:${turnHost}`], secretFiles: ["turn.secret"] },
    },
    shutdown: { delay: "0s", timeout: "5s" },
  };
  const file = await directory.write("ice.yaml.new", stringify(config));
  await rename(file, join(directory.path, "ice.yaml"));
}

const turnEntry = (turnHost: string) => issuedTurnServer(`turn:${turnHost}`);

async function getOverRest({ url }: IceService): Promise<unknown> {
  const answer = await fetch(`${url}/api/v1/ice-servers`, { headers });
  return answerSchema.parse(await answer.json()).iceServers;
}

async function getOverGrpc({ target }: IceService): Promise<unknown> {
  const client = createGrpcJsClient(target);
  try {
    const { iceServers } = await client.getIceServers({ token, timeoutMs: 20_000 });
    return iceServers;
  } finally {
    await client.stop();
  }
}

describe.each(["1", "2"])("a service with --workers %s", (workers) => {
  it("starts, answers, watches, reloads, and stops", async () => {
    await configure("before.example.com");
    const service = await startIceService({
      env: { ICE_CONFIG: join(directory.path, "ice.yaml") },
      args: ["--workers", workers],
    });
    const watchers: Watcher[] = [];
    try {
      const node = process.env["ICE_TEST_NODE"] ?? process.execPath;
      expect(await readlink(`/proc/${service.pid}/exe`)).toBe(await realpath(node));
      const before = [turnEntry("before.example.com")];
      expect(await getOverRest(service)).toEqual(before);
      expect(await getOverGrpc(service)).toMatchObject(before);
      expect((await fetch(`${service.url}/api/v1/ice-servers`)).status).toBe(401);

      watchers.push(watchWithGrpcJs(service.url, { token }), watchWithCurl(service.url, { token }));
      const watched = () => watchers.map(({ lists }) => lists.at(-1)?.iceServers);
      await eventually(watched).toEqual([before, before]);
      await configure("after.example.com");
      const after = [turnEntry("after.example.com")];
      await eventually(watched).toEqual([after, after]);
      expect(await getOverRest(service)).toEqual(after);
      expect(await getOverGrpc(service)).toMatchObject(after);

      const requests = (await scrape(service)).value("ice_requests_total", { code: "ok" });
      expect(requests).toBeGreaterThanOrEqual(4);
      service.signal("SIGTERM");
      expect(await Promise.all(watchers.map(({ end }) => end))).toEqual([
        "unavailable",
        "unavailable",
      ]);
    } finally {
      const exitCode = await service.stop();
      for (const watcher of watchers) {
        watcher.leave();
      }
      expect(exitCode).toBe(0);
    }
    expect(service.logs().filter(({ level }) => level === "error" || level === "fatal")).toEqual(
      [],
    );
  });
});
