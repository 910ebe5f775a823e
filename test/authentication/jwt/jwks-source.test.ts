import type { RequestListener } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createJwksSource } from "../../../src/authentication/jwt/jwks-source.js";
import type { KeySource } from "../../../src/authentication/jwt/key-source.js";
import { createOutgoingHttp } from "../../../src/outgoing/outgoing-http.js";
import {
  dropConnection,
  hang,
  hangAfterHeaders,
  huge,
  hugeWhenUnpacked,
  type JwksServer,
  keys,
  redirectTo,
  startJwksServer,
  text,
} from "../../parts/jwks-server.js";
import { createSigningKey, issuer } from "../signing-key.js";
import { createMovableClock, createRecordingLog, reasonOf } from "../verifier-setup.js";

const first = createSigningKey("ES256", "first").jwk;
const second = createSigningKey("ES256", "second").jwk;
// A busy machine takes a second to read ten megabytes.
const timeoutMs = 3000;

let server: JwksServer;
let source: KeySource;
let clock: ReturnType<typeof createMovableClock>;
let recording: ReturnType<typeof createRecordingLog>;
const onChange = vi.fn();

beforeEach(async () => {
  server = await startJwksServer(keys(first));
  clock = createMovableClock();
  recording = createRecordingLog();
  onChange.mockReset();
  source = createSource(server.url);
});
afterEach(async () => {
  source.close();
  await server.close();
});

function createSource(url: URL): KeySource {
  return createJwksSource({
    issuer,
    url,
    algorithms: ["ES256"],
    clock: clock.clock,
    log: recording.log,
    outgoing: createOutgoingHttp({}),
    onChange,
    timeoutMs,
  });
}

/** `found`, or why not. */
async function find(kid: string, wait?: { signal: AbortSignal }): Promise<string> {
  return source.findKey({ alg: "ES256", kid }, wait).then(
    () => "found",
    (error) => error.reason ?? error.code,
  );
}
const unknown = "ERR_JWKS_NO_MATCHING_KEY";

const problems: [what: string, answer: RequestListener, problem: RegExp][] = [
  ["drops the connection", dropConnection, /UND_ERR_SOCKET|ECONNRESET/],
  ["hangs", hang, /no whole answer within 3000 ms/],
  ["hangs within the answer", hangAfterHeaders, /no whole answer within 3000 ms/],
  ["serves HTML", text("<html>"), /^not JSON$/],
  ["serves nothing", text(""), /^not JSON$/],
  ["serves other JSON", text('{"keys":"none"}'), /^not a JWKS/],
  ["serves 101 keys", keys(...Array.from({ length: 101 }, () => second)), /more than 100 keys/],
  ["serves 10 MB", huge, /larger than 262144 bytes/],
  ["serves 10 MB compressed", hugeWhenUnpacked, /larger than 262144 bytes/],
  ["redirects", redirectTo("/elsewhere"), /redirect/],
  ["answers 500", text(JSON.stringify({ keys: [second] }), 500), /HTTP status 500/],
  ["answers 204", (_, response) => response.writeHead(204).end(), /HTTP status 204/],
];

describe("createJwksSource", () => {
  it("asks for nothing before it is told to load", async () => {
    expect(server.requestCount).toBe(0);
    await source.load();
    expect(server.requestCount).toBe(1);
  });

  it("lets all callers wait for one first load", async () => {
    const loaded = source.load();
    const found = await Promise.all([find("first"), find("first"), find("first")]);
    await loaded;
    expect([found, server.requestCount]).toEqual([["found", "found", "found"], 1]);
  });

  it.each(problems)(
    "has no keys when the URL %s at first, and recovers",
    async (_, answer, problem) => {
      server.serve(answer);
      await source.load();
      expect(await find("first")).toBe("keys_unavailable");
      expect(server.requestCount).toBe(1);

      server.serve(keys(first));
      clock.moveSeconds(10);
      expect(await find("first")).toBe("found");
      expect(recording.lines).toEqual([
        {
          level: "warn",
          fields: expect.objectContaining({ issuer, problem: expect.stringMatching(problem) }),
          message: expect.stringContaining("refused"),
        },
        { level: "info", fields: expect.anything(), message: expect.stringContaining("again") },
      ]);
    },
  );

  it.each(problems)("keeps the last good keys while the URL %s", async (_, answer, problem) => {
    await source.load();
    server.serve(answer);
    expect(await find("second")).toBe(unknown);
    expect(await find("first")).toBe("found");
    expect(server.requestCount).toBe(2);
    expect(onChange).not.toHaveBeenCalled();

    server.serve(keys(first, second));
    clock.moveSeconds(10);
    expect(await find("second")).toBe("found");
    expect(recording.lines).toEqual([
      {
        level: "warn",
        fields: expect.objectContaining({ problem: expect.stringMatching(problem) }),
        message: expect.stringContaining("last good"),
      },
      { level: "info", fields: expect.anything(), message: expect.stringContaining("again") },
    ]);
  });

  it("copes with a port on which nobody listens", async () => {
    const absent = await startJwksServer(keys());
    await absent.close();
    source = createSource(absent.url);
    await source.load();
    expect(await find("first")).toBe("keys_unavailable");
    expect(recording.lines[0]?.fields).toMatchObject({ problem: "ECONNREFUSED" });
  });

  it("keeps the URL's query out of the log", async () => {
    server.serve(text("<html>"));
    await source.load();
    expect(recording.lines).toHaveLength(1);
    expect(JSON.stringify(recording.lines)).toContain(`${server.url.origin}/keys"`);
    expect(JSON.stringify(recording.lines)).not.toContain("hidden");
  });

  it("does not follow a redirect", async () => {
    const elsewhere = await startJwksServer(keys(first));
    server.serve(redirectTo(elsewhere.url.href));
    await source.load();
    expect([await find("first"), elsewhere.requestCount]).toEqual(["keys_unavailable", 0]);
    await elsewhere.close();
  });
});

describe("findKey, for an unknown kid", () => {
  beforeEach(() => source.load());

  it("loads anew at once, also just after the first load", async () => {
    server.serve(keys(first, second));
    expect(await find("second")).toBe("found");
    expect(server.requestCount).toBe(2);
    expect(onChange).toHaveBeenCalledTimes(1);
  });

  it("loads at most once in 10 seconds", async () => {
    await find("unknown-1");
    await find("unknown-2");
    clock.moveSeconds(9.999);
    await find("unknown-3");
    expect(server.requestCount).toBe(2);
    clock.moveSeconds(0.001);
    await find("unknown-4");
    expect(server.requestCount).toBe(3);
  });

  it("loads once for all who ask at the same time", async () => {
    server.serve(keys(first, second));
    const found = await Promise.all(Array.from({ length: 50 }, () => find("second")));
    expect(found).toEqual(found.map(() => "found"));
    expect(server.requestCount).toBe(2);
  });

  it("does not wait each time while the URL hangs", async () => {
    server.serve(hang);
    expect(await find("second")).toBe(unknown);
    const startMs = performance.now();
    expect(await find("second")).toBe(unknown);
    expect(performance.now() - startMs).toBeLessThan(timeoutMs);
    expect(server.requestCount).toBe(2);
  });

  it("tells who waits when a wait for a load begins and ends, however it ends", async () => {
    const events: string[] = [];
    const findAndTell = (kid: string, signal = new AbortController().signal) =>
      source
        .findKey(
          { alg: "ES256", kid },
          {
            signal,
            beginFetch: () => void events.push(`${kid} begins`),
            endFetch: () => void events.push(`${kid} ends`),
          },
        )
        .catch(() => {});
    await findAndTell("first");
    expect(events).toEqual([]);
    server.serve(hang);
    const controller = new AbortController();
    const canceled = findAndTell("second", controller.signal);
    const patient = findAndTell("third");
    await expect.poll(() => events).toEqual(["second begins", "third begins"]);
    controller.abort();
    await canceled;
    expect(events).toEqual(["second begins", "third begins", "second ends"]);
    await patient;
    expect(events).toEqual(["second begins", "third begins", "second ends", "third ends"]);
  });

  it("serves known keys at once while a load hangs", async () => {
    server.serve(hang);
    const waiting = find("second");
    const startMs = performance.now();
    expect(await find("first")).toBe("found");
    expect(performance.now() - startMs).toBeLessThan(timeoutMs);
    await waiting;
  });

  it("is not held up by a clock that was set back", async () => {
    await find("second");
    clock.moveSeconds(-3600);
    server.serve(keys(first, second));
    expect(await find("second")).toBe("found");
  });

  it("gives up a key that the issuer withdrew", async () => {
    server.serve(keys(second));
    expect(await find("second")).toBe("found");
    expect(await find("first")).toBe(unknown);
  });

  it("tells of no change where the same keys were served", async () => {
    await find("second");
    expect([server.requestCount, onChange.mock.calls.length]).toEqual([2, 0]);
  });
});

describe("keepFresh", () => {
  beforeEach(() => source.load());

  it("loads in the background from 10 minutes on, while the old keys are served", async () => {
    server.serve(keys(second));
    clock.moveSeconds(599.999);
    expect(await find("first")).toBe("found");
    expect(server.requestCount).toBe(1);
    clock.moveSeconds(0.001);
    expect(await find("first")).toBe("found");
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(1), { timeout: 30_000 });
    expect(server.requestCount).toBe(2);
  });

  it("is waited for when nobody has called for 20 minutes, as keys may have been withdrawn", async () => {
    server.serve(keys(second));
    clock.moveSeconds(1200);
    expect(source.isStale()).toBe(true);
    expect(await find("first")).toBe(unknown);
    expect(await find("second")).toBe("found");
    expect(source.isStale()).toBe(false);
  });

  it("is not waited for again, and leaves the last good keys, once it has failed", async () => {
    server.serve(text("", 503));
    clock.moveSeconds(1200);
    expect(await find("first")).toBe("found");
    expect(source.isStale()).toBe(false);
    server.serve(hang);
    clock.moveSeconds(10);
    expect(await find("first")).toBe("found");
  });

  it("tries again no sooner than 10 seconds after it failed", async () => {
    server.serve(text("", 503));
    clock.moveSeconds(600);
    source.keepFresh();
    await vi.waitFor(() => expect(recording.lines).toHaveLength(1), { timeout: 30_000 });
    source.keepFresh();
    clock.moveSeconds(9.999);
    source.keepFresh();
    expect(await find("first")).toBe("found");
    expect(server.requestCount).toBe(1 + 1);
    clock.moveSeconds(0.001);
    source.keepFresh();
    await vi.waitFor(() => expect(recording.lines).toHaveLength(2), { timeout: 30_000 });
    expect(server.requestCount).toBe(3);
  });
});

describe("the caller's signal", () => {
  it("ends the caller's wait and nobody else's", async () => {
    let answer = () => {};
    server.serve((request, response) => {
      answer = () => keys(first)(request, response);
    });
    const controller = new AbortController();
    const cancelled = find("first", controller);
    const patient = find("first", new AbortController());
    await vi.waitFor(() => expect(server.requestCount).toBe(1), { timeout: 30_000 });
    controller.abort();
    expect(await cancelled).toBe("cancelled");
    answer();
    expect(await patient).toBe("found");
    expect(server.requestCount).toBe(1);
  });

  it("counts when it was raised before the wait", async () => {
    server.serve(hang);
    expect(await find("first", { signal: AbortSignal.abort() })).toBe("cancelled");
  });

  it("changes nothing where there is no wait", async () => {
    await source.load();
    expect(await find("first", { signal: AbortSignal.abort() })).toBe("found");
  });
});

describe("close", () => {
  it("ends a load under way without a word, and starts none after it", async () => {
    server.serve(hang);
    const startMs = performance.now();
    const loaded = source.load();
    await vi.waitFor(() => expect(server.requestCount).toBe(1), { timeout: 30_000 });
    source.close();
    await loaded;
    expect(performance.now() - startMs).toBeLessThan(timeoutMs);
    clock.moveSeconds(60);
    expect(await find("first")).toBe("keys_unavailable");
    expect([server.requestCount, recording.lines]).toEqual([1, []]);
  });

  it("leaves the keys at hand in use", async () => {
    await source.load();
    source.close();
    clock.moveSeconds(3600);
    expect([await find("first"), await find("second")]).toEqual(["found", unknown]);
    expect(server.requestCount).toBe(1);
  });
});

describe("members of the key set", () => {
  it("that are private or symmetric are never used, and the log tells", async () => {
    const { privateKey } = createSigningKey("ES256");
    const leaked = { ...privateKey.export({ format: "jwk" }), kid: "leaked" };
    server.serve(keys(first, leaked, { kty: "oct", kid: "shared", k: "AAAA" }));
    await source.load();
    expect([await find("first"), await find("leaked")]).toEqual(["found", unknown]);
    expect(await reasonOf(() => source.findKey({ alg: "ES256", kid: "first" }))).toBe("accepted");
    expect(recording.lines).toEqual([
      expect.objectContaining({ level: "warn", message: expect.stringMatching(/private/) }),
    ]);
  });

  it("may all be gone, which withdraws them, and the log tells", async () => {
    await source.load();
    server.serve(keys());
    expect(await find("second")).toBe(unknown);
    expect(await find("first")).toBe(unknown);
    expect(recording.lines).toEqual([
      expect.objectContaining({ level: "warn", message: expect.stringMatching(/no key/) }),
    ]);
  });
});
