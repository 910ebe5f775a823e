import type { RequestListener } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CancellableWait } from "../../../src/authentication/cancellable-wait.js";
import { FetchBudget } from "../../../src/authentication/jwt/fetch-budget.js";
import type { KeySetLocation } from "../../../src/authentication/jwt/jwks-fetch.js";
import { JwksPool } from "../../../src/authentication/jwt/jwks-pool.js";
import type { AsymmetricAlgorithm } from "../../../src/authentication/jwt/jwt-algorithms.js";
import type { KeySource } from "../../../src/authentication/jwt/key-source.js";
import { TokenRejectedError } from "../../../src/authentication/token-rejected-error.js";
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
import { ManualTime } from "../../parts/manual-time.js";
import { createSigningKey, issuer, startSeconds } from "../signing-key.js";
import { createRecordingLog, reasonOf } from "../verifier-setup.js";

const first = createSigningKey("ES256", "first").jwk;
const second = createSigningKey("ES256", "second").jwk;
// A busy machine takes a second to read ten megabytes.
const timeoutMs = 3000;

let server: JwksServer;
let source: KeySource;
let pool: JwksPool;
let closer: AbortController;
let time: ManualTime;
let clockIsSlowMs = 0;
let recording: ReturnType<typeof createRecordingLog>;
const onChange = vi.fn();

beforeEach(async () => {
  server = await startJwksServer(keys(first));
  time = new ManualTime(startSeconds);
  clockIsSlowMs = 0;
  recording = createRecordingLog();
  onChange.mockReset();
  closer = new AbortController();
  pool = new JwksPool({
    clock: () => time.clock() - clockIsSlowMs,
    ...{ monotonicClock: time.clock, startTimer: time.startTimer },
    ...{
      log: recording.log,
      outgoing: createOutgoingHttp({}),
      onChange,
      timeoutMs,
      budget: new FetchBudget(),
      closed: closer.signal,
    },
  });
  source = openSource(server.url);
});
afterEach(async () => {
  closer.abort();
  await server.close();
});

function openSource(url: URL, algorithms: readonly AsymmetricAlgorithm[] = ["ES256"]): KeySource {
  return pool.open({ issuer, location: { url, allowInsecureUrl: false }, algorithms });
}

/** As a call of some client does: every call here is by another one, unless it has an address. */
let clientCount = 0;
function createWait({ signal = new AbortController().signal, address = "" } = {}) {
  clientCount += 1;
  return { signal, clientAddress: address || `client ${clientCount}` };
}

/** `found`, perhaps only among newer keys, or why not. */
async function find(kid: string, wait: CancellableWait = createWait()): Promise<string> {
  const { version } = source;
  const findNow = () =>
    source.findKey({ alg: "ES256", kid }, wait).then(
      () => "found",
      (error) => error.reason ?? error.code,
    );
  try {
    let found = await findNow();
    if (found === unknown) {
      for await (const _ of source.findNewer(version, wait)) {
        found = await findNow();
        if (found !== unknown) {
          break;
        }
      }
    }
    return found;
  } catch (error) {
    return error instanceof TokenRejectedError ? error.reason : Promise.reject(error);
  }
}
const unknown = "ERR_JWKS_NO_MATCHING_KEY";

/** The same for a key that is waited for until the next fetch may begin. */
async function findInTime(kid: string): Promise<string> {
  const found = find(kid);
  await time.advance(1);
  return found;
}

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

describe("a source of keys behind a URL", () => {
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
      const refused = find("first");
      await time.advance(1);
      expect(await refused).toBe("keys_unavailable");
      expect(server.requestCount).toBe(2);

      server.serve(keys(first));
      await time.advance(1);
      expect(await find("first")).toBe("found");
      expect(recording.lines).toEqual([
        {
          level: "warn",
          fields: expect.objectContaining({ issuer, problem: expect.stringMatching(problem) }),
          message: expect.stringContaining("rejected"),
        },
        { level: "info", fields: expect.anything(), message: expect.stringContaining("again") },
      ]);
    },
  );

  it.each(problems)("keeps the last good keys while the URL %s", async (_, answer, problem) => {
    await source.load();
    await time.advance(1);
    server.serve(answer);
    expect(await find("second")).toBe(unknown);
    expect(await find("first")).toBe("found");
    expect(server.requestCount).toBe(2);
    expect(onChange).not.toHaveBeenCalled();

    server.serve(keys(first, second));
    await time.advance(1);
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

  it("warns of a URL that keeps failing once in 10 seconds", async () => {
    server.serve(text("", 503));
    await source.load();
    for (let second = 1; second <= 10; second += 1) {
      const refused = find("first");
      await time.advance(1);
      await refused;
    }
    expect([server.requestCount, recording.lines.length]).toEqual([11, 2]);
  });

  it("copes with a port on which nobody listens", async () => {
    const absent = await startJwksServer(keys());
    await absent.close();
    source = openSource(absent.url);
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
    expect([await find("first"), elsewhere.requestCount]).toEqual(["keys_unavailable", 0]);
    await elsewhere.close();
  });
});

describe("findNewer, for an unknown kid", () => {
  beforeEach(async () => {
    await source.load();
    await time.advance(1);
  });

  it("fetches at once", async () => {
    server.serve(keys(first, second));
    expect(await find("second")).toBe("found");
    expect(server.requestCount).toBe(2);
    expect(onChange).toHaveBeenCalledTimes(1);
  });

  it("fetches once a second at most, for which calls wait", async () => {
    expect(await find("unknown-1")).toBe(unknown);
    server.serve(keys(first, second));
    await time.advance(0.5);
    const waiting = [find("second"), find("second"), find("third")];
    await time.advance(0.499);
    expect(server.requestCount).toBe(2);
    await time.advance(0.001);
    expect(await Promise.all(waiting)).toEqual(["found", "found", unknown]);
    expect(server.requestCount).toBe(3);
  });

  it("fetches for one client three times in any minute, and not at all beyond", async () => {
    const client = createWait({ address: "192.0.2.7" });
    for (let count = 0; count < 3; count += 1) {
      await time.advance(10);
      expect(await find("unknown", client)).toBe(unknown);
    }
    server.serve(keys(first, second));
    await time.advance(30);
    expect(await find("second", client)).toBe(unknown);
    expect(server.requestCount).toBe(4);

    // The first of the three was 58 seconds ago: the next one may come within what a call waits.
    await time.advance(8);
    const waiting = find("second", client);
    await time.advance(2);
    expect([await waiting, server.requestCount]).toEqual(["found", 5]);
  });

  it("lets a client that may cause no fetch profit from those of others", async () => {
    const client = createWait({ address: "2001:db8:1:2::1" });
    const neighbor = createWait({ address: "2001:db8:1:2:ffff::2" });
    for (let count = 0; count < 3; count += 1) {
      await find("unknown", client);
      await time.advance(1);
    }
    server.serve(keys(first, second));
    expect(await find("second", neighbor)).toBe(unknown);
    const [other, own] = [find("second"), find("second", client)];
    expect([await other, await own, server.requestCount]).toEqual(["found", "found", 5]);
  });

  it("fetches once for all who ask at the same time", async () => {
    server.serve(keys(first, second));
    const found = await Promise.all(Array.from({ length: 50 }, () => find("second")));
    expect(found).toEqual(found.map(() => "found"));
    expect(server.requestCount).toBe(2);
  });

  it("fetches again for who has asked while an older fetch was under way", async () => {
    let answer = () => {};
    server.serve((request, response) => {
      answer = () => keys(first)(request, response);
    });
    const early = find("second");
    await vi.waitFor(() => expect(server.requestCount).toBe(2), { timeout: 30_000 });
    await time.advance(0.3);
    const late = find("second");
    answer();
    expect(await early).toBe(unknown);
    server.serve(keys(first, second));
    await time.advance(0.7);
    expect([await late, server.requestCount]).toEqual(["found", 3]);
  });

  it("gives up when an older fetch took longer than a call waits", async () => {
    server.serve(hang);
    const early = find("second");
    await vi.waitFor(() => expect(server.requestCount).toBe(2), { timeout: 30_000 });
    await time.advance(0.3);
    const late = find("second");
    await time.advance(2.5);
    expect([await early, await late, server.requestCount]).toEqual([unknown, unknown, 2]);
  });

  it("fetches no more from a URL that hangs for as long as it has hung", async () => {
    server.serve(hang);
    const early = find("second");
    await vi.waitFor(() => expect(server.requestCount).toBe(2), { timeout: 30_000 });
    await time.advance(5);
    expect(await early).toBe(unknown);
    server.serve(keys(first, second));
    await time.advance(2.9);
    expect([await find("second"), server.requestCount]).toEqual([unknown, 2]);
    const late = find("second");
    await time.advance(2.1);
    expect([await late, server.requestCount]).toEqual([unknown, 2]);
    expect([await find("second"), server.requestCount]).toEqual(["found", 3]);
  });

  it("tells who waits when a wait for a load begins and ends, however it ends", async () => {
    const events: string[] = [];
    const findAndTell = (kid: string, signal = new AbortController().signal) =>
      find(kid, {
        signal,
        beginFetch: () => void events.push(`${kid} begins`),
        endFetch: () => void events.push(`${kid} ends`),
      });
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
    clockIsSlowMs = 3_600_000;
    server.serve(keys(first, second));
    expect(await findInTime("second")).toBe("found");
  });

  it("gives up a key that the issuer withdrew", async () => {
    server.serve(keys(second));
    expect(await find("second")).toBe("found");
    expect(await findInTime("first")).toBe(unknown);
  });

  it("tells of no change where the same keys were served", async () => {
    await find("second");
    expect([server.requestCount, onChange.mock.calls.length]).toEqual([2, 0]);
  });
});

describe("keepFresh", () => {
  beforeEach(async () => {
    await source.load();
    await time.advance(1);
  });

  it("loads in the background from 10 minutes on, while the old keys are served", async () => {
    server.serve(keys(second));
    await time.advance(598.999);
    expect(await find("first")).toBe("found");
    expect(server.requestCount).toBe(1);
    await time.advance(0.001);
    expect(await find("first")).toBe("found");
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(1), { timeout: 30_000 });
    expect(server.requestCount).toBe(2);
  });

  it("is waited for when nobody has called for 20 minutes, as keys may have been withdrawn", async () => {
    server.serve(keys(second));
    await time.advance(1199);
    expect(source.isStale()).toBe(true);
    expect(await findInTime("first")).toBe(unknown);
    expect(await find("second")).toBe("found");
    expect(source.isStale()).toBe(false);
  });

  it("is not waited for again, and leaves the last good keys, once it has failed", async () => {
    server.serve(text("", 503));
    await time.advance(1200);
    expect(await find("first")).toBe("found");
    expect(source.isStale()).toBe(false);
    server.serve(hang);
    await time.advance(10);
    expect(await find("first")).toBe("found");
  });

  it("tries again no sooner than 10 seconds after it failed", async () => {
    server.serve(text("", 503));
    await time.advance(600);
    source.keepFresh();
    await vi.waitFor(() => expect(recording.lines).toHaveLength(1), { timeout: 30_000 });
    source.keepFresh();
    await time.advance(9.999);
    source.keepFresh();
    expect(await find("first")).toBe("found");
    expect(server.requestCount).toBe(1 + 1);
    await time.advance(0.001);
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

describe("the end of the process", () => {
  it("ends a load under way without a word, and starts none after it", async () => {
    server.serve(hang);
    const startMs = performance.now();
    const loaded = source.load();
    await vi.waitFor(() => expect(server.requestCount).toBe(1), { timeout: 30_000 });
    pool.keep(new Set());
    closer.abort();
    await loaded;
    expect(performance.now() - startMs).toBeLessThan(timeoutMs);
    await time.advance(60);
    expect(await find("first")).toBe("keys_unavailable");
    expect([server.requestCount, recording.lines]).toEqual([1, []]);
  });

  it("leaves the keys at hand in use", async () => {
    await source.load();
    pool.keep(new Set());
    closer.abort();
    await time.advance(3600);
    expect([await find("first"), await find("second")]).toEqual(["found", unknown]);
    expect(server.requestCount).toBe(1);
  });
});

describe("keep, for a source without use", () => {
  /** Holds up what is asked from now on. */
  function hold(): { answer: (listener: RequestListener) => void } {
    const held = { answer: (_: RequestListener) => {} };
    server.serve((request, response) => {
      held.answer = (listener) => listener(request, response);
    });
    return held;
  }
  const asked = (count: number) =>
    vi.waitFor(() => expect(server.requestCount).toBe(count), { timeout: 30_000 });

  it("lets a fetch end that calls wait for, and begins none after it", async () => {
    const held = hold();
    const found = find("first");
    await asked(1);
    pool.keep(new Set());
    held.answer(keys(first));
    expect(await found).toBe("found");
    await time.advance(3600);
    expect([await find("first"), await find("second")]).toEqual(["found", unknown]);
    expect([server.requestCount, recording.lines]).toEqual([1, []]);
  });

  it("lets a call find a key that is new, and tells nobody of the change", async () => {
    await source.load();
    await time.advance(1);
    const held = hold();
    const found = find("second");
    await asked(2);
    pool.keep(new Set());
    held.answer(keys(first, second, { kty: "oct", kid: "shared", k: "AAAA" }));
    expect(await found).toBe("found");
    expect([onChange.mock.calls, recording.lines]).toEqual([[], []]);
  });

  it("lets a fetch begin that calls wait for", async () => {
    await source.load();
    server.serve(keys(second));
    const found = find("second");
    await time.advance(0.5);
    pool.keep(new Set());
    await time.advance(0.5);
    expect(await found).toBe("found");
  });

  it("does not log how the fetch fails", async () => {
    const held = hold();
    const found = find("first");
    await asked(1);
    pool.keep(new Set());
    held.answer(dropConnection);
    expect(await found).toBe("keys_unavailable");
    expect(recording.lines).toEqual([]);
  });

  it("gives it the keys as well when the issuer's algorithms change meanwhile", async () => {
    const held = hold();
    const found = find("first");
    await asked(1);
    const changed = openSource(server.url, ["ES256", "ES384"]);
    pool.keep(new Set([changed]));
    held.answer(keys(first));
    expect(await found).toBe("found");
    expect(await reasonOf(() => changed.findKey({ alg: "ES256", kid: "first" }))).toBe("accepted");
    expect(server.requestCount).toBe(1);
  });
});

describe("a source whose URL is to be fetched in another way", () => {
  const openChanged = (changes: Partial<KeySetLocation>) =>
    pool.open({
      issuer,
      location: { url: server.url, allowInsecureUrl: false, ...changes },
      algorithms: ["ES256"],
    });

  it.each<Partial<KeySetLocation>>([
    { caFile: "missing.pem" },
    { fetchTokenFile: "missing.token" },
    { allowInsecureUrl: true },
  ])("keeps the last good keys while %o does not work", async (changes) => {
    await source.load();
    await time.advance(5);
    source = openChanged(changes);
    pool.keep(new Set([source]));
    server.serve(dropConnection);
    await source.load();
    expect(await findInTime("first")).toBe("found");
    expect([pool.statuses, onChange.mock.calls]).toMatchObject([
      [{ loadedAtMs: startSeconds * 1000, successCount: 0, failureCount: 1 }],
      [],
    ]);
    expect(recording.lines).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/the last good ones stay in use/) }),
    ]);
  });

  it("fetches the keys at once, and replaces those at hand", async () => {
    await source.load();
    source = openChanged({ allowInsecureUrl: true });
    pool.keep(new Set([source]));
    server.serve(keys(second));
    await source.load();
    expect([await find("second"), await findInTime("first")]).toEqual(["found", unknown]);
    expect(onChange).toHaveBeenCalledOnce();
  });

  it.each<[string, Partial<KeySetLocation>]>([
    ["of another issuer", { discoveredIssuer: issuer }],
    ["of another URL", { url: new URL("http://127.0.0.1:1/keys") }],
  ])("has no keys %s", async (_, changes) => {
    await source.load();
    server.serve(dropConnection);
    source = openChanged(changes);
    expect(await findInTime("first")).toBe("keys_unavailable");
  });

  it("has no keys that may have come without TLS once that is not allowed", async () => {
    source = openChanged({ allowInsecureUrl: true });
    await source.load();
    server.serve(dropConnection);
    source = openChanged({});
    pool.keep(new Set([source]));
    expect(await findInTime("first")).toBe("keys_unavailable");
  });
});

describe("members of the key set", () => {
  it("may be null or odd, and the set may begin with a byte order mark", async () => {
    // instructure/canvas-lms#2639, jpadilla/pyjwt#857
    const odd = [null, { ...second, alg: null, use: null, x5c: null }, { kty: null }, "key"];
    server.serve(text(`\ufeff${JSON.stringify({ keys: [...odd, first], more: null })}`));
    await source.load();
    expect([await find("first"), await find("second")]).toEqual(["found", "found"]);
    expect(recording.lines).toEqual([]);
  });

  it("that are private or symmetric are never used, and the log tells", async () => {
    const { privateKey } = createSigningKey("ES256");
    const leaked = { ...privateKey.export({ format: "jwk" }), kid: "leaked" };
    server.serve(keys(first, leaked, { kty: "oct", kid: "shared", k: "AAAA" }));
    await source.load();
    expect([await find("first"), await findInTime("leaked")]).toEqual(["found", unknown]);
    expect(await reasonOf(() => source.findKey({ alg: "ES256", kid: "first" }))).toBe("accepted");
    expect(recording.lines).toEqual([
      expect.objectContaining({ level: "warn", message: expect.stringMatching(/private/) }),
    ]);
  });

  it("may all be gone, which withdraws them, and the log tells", async () => {
    await source.load();
    server.serve(keys());
    expect(await findInTime("second")).toBe(unknown);
    expect(await findInTime("first")).toBe(unknown);
    expect(recording.lines).toEqual([
      expect.objectContaining({ level: "warn", message: expect.stringMatching(/no key/) }),
    ]);
  });
});
