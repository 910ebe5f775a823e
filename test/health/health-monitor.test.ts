import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HealthMonitor } from "../../src/health/health-monitor.js";
import type { ProbeConfig } from "../../src/health/probe-config.js";
import type { ProbeOutcome } from "../../src/health/probe-outcome.js";
import type { ProbeUrl } from "../../src/health/probe-url.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { createIceServerLister } from "../../src/turn/ice-server-lister.js";
import type { IceServerSettings } from "../../src/turn/ice-server-settings.js";
import { ManagedProvider } from "../../src/turn/managed/managed-provider.js";
import { ManagedStates } from "../../src/turn/managed/managed-states.js";
import { ManualTime } from "../parts/manual-time.js";
import { createFleet, createSharedSecret, hourLife, listAtOnce } from "../turn/ice-servers.js";

const settings: ProbeConfig = {
  intervalSeconds: 10,
  timeoutSeconds: 5,
  failures: 3,
  successes: 2,
  concurrency: 8,
  relay: "auto",
};
const good: ProbeOutcome = { works: true, roundTripMs: 1.26 };
const refused: ProbeOutcome = { works: false, failure: { cause: "refused", detail: "nobody" } };
const full: ProbeOutcome = { works: true, failure: { cause: "quota", detail: "486" } };

/** What a monitor is configured with. */
type Configuration = [servers: IceServerSettings, settings: ProbeConfig | undefined];

function plain(
  stun: readonly string[],
  turn: readonly string[],
  probe?: ProbeConfig,
): Configuration {
  const stunUrls = stun.map(parseIceUrl);
  const provider = turn.length > 0 && { turn: createSharedSecret(turn) };
  return [createFleet({ stunUrls, ...provider }), probe];
}
function regional(
  stun: readonly string[],
  turn: Readonly<Record<"eu" | "us", readonly string[]>>,
): Configuration {
  const stunUrls = stun.map(parseIceUrl);
  const region = (name: "eu" | "us") => ({
    name,
    stunUrls,
    turn: createSharedSecret(turn[name]),
    spread: { weights: new Map<string, number>(), serversPerAnswer: 0 },
  });
  const regions = [region("eu"), region("us")] as const;
  return [{ regions, defaultRegion: "eu", life: hourLife }, settings];
}

/** A monitor whose probes answer as told, each after a while. */
class Bench {
  readonly time = new ManualTime(1_748_390_400);
  /** By key, or else by URL. */
  readonly outcomes = new Map<string, ProbeOutcome | Error>();
  readonly probes: { readonly url: string; readonly atSeconds: number }[] = [];
  readonly lines: string[] = [];
  readonly entries: object[] = [];
  readonly told: (readonly string[])[] = [];
  probeSeconds = 0.1;
  random = 0.5;
  underWay = 0;
  mostUnderWay = 0;
  readonly #startMs = this.time.clock();
  readonly #keysUnderWay = new Set<string>();

  readonly #probe: ProbeUrl = async ({ url: { text }, key }, { signal }) => {
    expect(this.#keysUnderWay.has(key)).toBe(false);
    this.#keysUnderWay.add(key);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    this.probes.push({ url: text, atSeconds: (this.time.clock() - this.#startMs) / 1000 });
    const sleeping = new Promise<void>((resolve) =>
      this.time.startTimer(resolve, this.probeSeconds * 1000),
    );
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        this.#keysUnderWay.delete(key);
        reject(signal.reason);
      });
    });
    try {
      await Promise.race([sleeping, aborted]);
    } finally {
      this.#keysUnderWay.delete(key);
      this.underWay -= 1;
    }
    const outcome = this.outcomes.get(key) ?? this.outcomes.get(text) ?? good;
    if (outcome instanceof Error) {
      throw outcome;
    }
    return outcome;
  };

  readonly monitor = new HealthMonitor({
    probeUrl: this.#probe,
    clock: this.time.clock,
    startTimer: this.time.startTimer,
    random: () => this.random,
    now: this.time.clock,
    log: {
      info: (entry: object, text: string) => this.write("info", entry, text),
      warn: (entry: object, text: string) => this.write("warn", entry, text),
      error: (entry: object, text: string) => this.write("error", entry, text),
    },
    onChange: (urls) => this.told.push(urls),
  });

  write(level: string, entry: object, text: string): void {
    this.entries.push(entry);
    this.lines.push(`${level} ${text} ${read(entry)}`);
  }

  get down(): readonly string[] {
    return this.told.at(-1) ?? [];
  }

  times(url: string): number[] {
    return this.probes.filter((each) => each.url === url).map(({ atSeconds }) => atSeconds);
  }
}

function read(entry: { readonly url?: string; readonly group?: string }): string {
  return entry.url ?? entry.group ?? "";
}

describe("HealthMonitor", () => {
  it("probes each URL at once, and at each interval from start to start", async () => {
    const bench = new Bench();
    bench.monitor.configure(...plain(["stun:s"], ["turn:t"], settings));
    await bench.time.advance(35);
    expect(bench.times("turn:t")).toEqual([0, 10, 20, 30]);
    expect(bench.times("stun:s")).toEqual([0, 10, 20, 30]);
    expect(bench.told).toEqual([]);
    expect(bench.lines).toEqual([]);
  });

  it.each([
    [0, [0, 9, 18, 27]],
    [1, [0, 11, 22, 33]],
  ])("shifts each interval by a tenth at most: %s", async (random, times) => {
    const bench = new Bench();
    bench.random = random;
    bench.monitor.configure(...plain([], ["turn:t"], settings));
    await bench.time.advance(35);
    expect(bench.times("turn:t")).toEqual(times);
  });

  it("never has two probes of a URL under way, however long they take", async () => {
    const bench = new Bench();
    bench.probeSeconds = 25;
    bench.monitor.configure(...plain([], ["turn:t"], settings));
    await bench.time.advance(60);
    expect(bench.times("turn:t")).toEqual([0, 25, 50]);
    expect(bench.mostUnderWay).toBe(1);
  });

  it("has so many under way as configured, and the others in turn", async () => {
    const bench = new Bench();
    bench.probeSeconds = 1;
    const urls = Array.from({ length: 5 }, (_, index) => `turn:t${index}`);
    bench.monitor.configure(...plain([], urls, { ...settings, concurrency: 2 }));
    await bench.time.advance(9);
    expect(bench.mostUnderWay).toBe(2);
    expect(bench.probes.map(({ atSeconds }) => atSeconds)).toEqual([0, 0, 1, 1, 2]);
  });

  it("tells of a URL that has failed often enough, and of its return", async () => {
    const bench = new Bench();
    bench.outcomes.set("turn:a", refused);
    bench.monitor.configure(...plain([], ["turn:a", "turn:b"], settings));
    await bench.time.advance(20);
    expect(bench.told).toEqual([]);
    await bench.time.advance(1);
    expect(bench.told).toEqual([["turn:a"]]);
    expect(bench.lines).toEqual(["warn a URL is down and is left out of responses turn:a"]);
    bench.outcomes.set("turn:a", good);
    await bench.time.advance(10);
    expect(bench.told).toHaveLength(1);
    await bench.time.advance(10);
    expect(bench.told).toEqual([["turn:a"], []]);
    expect(bench.lines.slice(1)).toEqual(["info a URL is up again turn:a"]);
  });

  it("warns once of a server that is full, which stays", async () => {
    const bench = new Bench();
    bench.outcomes.set("turn:a", full);
    bench.monitor.configure(...plain([], ["turn:a"], settings));
    await bench.time.advance(50);
    expect(bench.told).toEqual([]);
    expect(bench.lines).toEqual([
      "warn a TURN server is full for the probe, and stays in use turn:a",
    ]);
  });

  it("says once that it fails open, and when that ends", async () => {
    const bench = new Bench();
    bench.outcomes.set("turn:a", refused).set("turn:b", refused);
    bench.monitor.configure(...plain(["stun:s"], ["turn:a", "turn:b"], settings));
    await bench.time.advance(60);
    expect(bench.down).toEqual(["turn:a", "turn:b"]);
    const failing = "error all URLs are down: all of them are handed out turn";
    expect(bench.lines.filter((line) => line.startsWith("error"))).toEqual([failing]);
    const value = (name: string) =>
      bench.monitor.describe().find((metric) => metric.name === name)?.values;
    expect(value("ice_failing_open")).toEqual([
      { labels: { kind: "stun", region: "default" }, value: 0 },
      { labels: { kind: "turn", region: "default" }, value: 1 },
    ]);
    bench.outcomes.delete("turn:b");
    await bench.time.advance(20);
    expect(bench.down).toEqual(["turn:a"]);
    expect(bench.lines.at(-1)).toBe("info URLs that are up are handed out again turn");
  });

  it("tells which region another one replaces", async () => {
    const bench = new Bench();
    bench.outcomes.set("turn:eu", refused);
    bench.monitor.configure(...regional(["stun:s"], { eu: ["turn:eu"], us: ["turn:us"] }));
    await bench.time.advance(21);
    const line = "error all URLs of a region are down: another region replaces it turn of eu";
    expect(bench.lines).toContain(line);
    expect(bench.monitor.report.groups.map(({ region, state }) => [region, state])).toEqual([
      [undefined, "live"],
      ["eu", "replaced"],
      ["us", "live"],
    ]);
  });

  it("takes a mistake of its own for no word about the server", async () => {
    const bench = new Bench();
    bench.outcomes.set("turn:a", new TypeError("a mistake"));
    bench.monitor.configure(...plain([], ["turn:a"], settings));
    await bench.time.advance(60);
    expect(bench.told).toEqual([]);
    expect(new Set(bench.lines)).toEqual(new Set(["error a probe could not be made turn:a"]));
    expect(bench.times("turn:a")).toHaveLength(7);
  });

  it("does not probe TURN over DTLS, which counts as up", async () => {
    const bench = new Bench();
    bench.monitor.configure(...plain([], ["turns:t?transport=udp"], settings));
    await bench.time.advance(60);
    expect(bench.probes).toEqual([]);
    expect(bench.monitor.report.groups[0]?.urls).toEqual([
      { url: "turns:t?transport=udp", state: "not-probed" },
    ]);
  });

  it("takes a URL that it does not probe for up as long as another one of its group is", async () => {
    const bench = new Bench();
    const dtls = "turns:t?transport=udp";
    bench.monitor.configure(
      ...regional([], { eu: [dtls, "turn:t"], us: ["turn:u", "turns:u?transport=udp"] }),
    );
    bench.outcomes.set("turn:t", refused);
    await bench.time.advance(25);
    expect(bench.down).toEqual([dtls, "turn:t"]);
    expect(bench.monitor.report.groups.map(({ state }) => state)).toEqual(["replaced", "live"]);
    bench.outcomes.set("turn:t", good);
    await bench.time.advance(20);
    expect(bench.down).toEqual([]);
  });

  it("reports what it knows", async () => {
    const bench = new Bench();
    bench.outcomes.set("turn:a", refused);
    bench.monitor.configure(...plain(["stun:s"], ["turn:a"], { ...settings, failures: 1 }));
    await bench.time.advance(1);
    const at = "2025-05-28T00:00:00.100Z";
    expect(bench.monitor.report).toEqual({
      probing: true,
      groups: [
        {
          kind: "stun",
          state: "live",
          urls: [{ url: "stun:s", state: "up", since: at, lastProbe: at, roundTripMs: 1.3 }],
        },
        {
          kind: "turn",
          state: "failing-open",
          urls: [
            {
              url: "turn:a",
              state: "down",
              since: at,
              lastProbe: at,
              lastCause: "refused",
              lastDetail: "nobody",
            },
          ],
        },
      ],
    });
  });
});

describe("HealthMonitor with a managed provider", () => {
  const own = "turn:own.test";
  const bought = "turn:bought.test";
  function give(states: ManagedStates, ...urls: readonly string[]): void {
    const expiresAtSeconds = 2_000_000_000;
    const entries = [{ urls, username: "u", credential: "c" }] as const;
    const credential = { entries, expiresAtSeconds, usableUntilSeconds: expiresAtSeconds };
    states.set([{ identity: "a", isPending: false, credential }]);
  }
  const openProvider = (bench: Bench, states = new ManagedStates(), name = "cloudflare") => {
    give(states, bought);
    const service = {
      ...{ name, identity: "a", timeoutMs: 2000, maxPerHour: undefined },
      createRequest: () => expect.unreachable(),
      readResponse: () => expect.unreachable(),
    };
    return new ManagedProvider(service, states, bench.time.clock);
  };

  it("probes its URLs, and says that it replaces own servers, or is not used", async () => {
    const bench = new Bench();
    const [servers] = plain([], [own]);
    bench.monitor.configure(servers, settings, [openProvider(bench)]);
    bench.outcomes.set(own, refused);
    await bench.time.advance(25);
    expect(bench.monitor.report.groups.map(({ urls: _, ...group }) => group)).toEqual([
      { kind: "turn", state: "replaced" },
      { kind: "turn", provider: "cloudflare", state: "live" },
    ]);
    bench.outcomes.set(own, good);
    bench.outcomes.set(bought, refused);
    await bench.time.advance(30);
    expect(bench.down).toEqual([`${bought} of cloudflare`]);
    bench.outcomes.set(own, refused);
    await bench.time.advance(30);
    expect(bench.lines.filter((line) => line.includes("all "))).toEqual([
      "error all own TURN URLs are down: a managed TURN provider replaces them turn",
      "error all URLs of a managed TURN provider are down: it is not used turn of cloudflare",
      "error all URLs are down: all of them are handed out turn",
      "error all URLs are down: all of them are handed out turn of cloudflare",
    ]);
  });

  it("probes a URL that two list with the credential of each, and tells them apart", async () => {
    const bench = new Bench();
    const [servers] = plain([], [bought]);
    const others = ["cloudflare", "cloudflare-2"].map((name) =>
      openProvider(bench, new ManagedStates(), name),
    );
    bench.monitor.configure(servers, settings, others);
    bench.outcomes.set(`${bought} of cloudflare`, refused);
    await bench.time.advance(25);
    expect(bench.times(bought)).toEqual([0, 0, 0, 10, 10, 10, 20, 20, 20]);
    expect(bench.down).toEqual([`${bought} of cloudflare`]);
    expect(bench.monitor.report.groups.map(({ provider, state }) => [provider, state])).toEqual([
      [undefined, "live"],
      ["cloudflare", "replaced"],
      ["cloudflare-2", "live"],
    ]);
    const gauge = bench.monitor.describe().find(({ name }) => name === "ice_turn_url_up");
    expect(gauge?.values.map(({ value }) => value)).toEqual([1, 0, 1]);
    expect(bench.entries).toContainEqual(
      expect.objectContaining({ url: bought, provider: "cloudflare", cause: "refused" }),
    );
  });

  it("probes other URLs when the provider lists others, and its own servers as ever", async () => {
    const bench = new Bench();
    const states = new ManagedStates();
    const [servers] = plain([], [own]);
    bench.monitor.configure(servers, settings, [openProvider(bench, states)]);
    bench.outcomes.set(own, refused);
    for (let second = 1; second < 25; second++) {
      await bench.time.advance(1);
      give(states, `turn:${second}.test`);
      bench.monitor.followManaged();
    }
    expect(bench.times(own)).toEqual([0, 10, 20]);
    expect(bench.down).toEqual([own]);
    expect(bench.times(bought)).toEqual([0]);
    expect(bench.times("turn:1.test")).toEqual([1]);
    await bench.time.advance(21);
    expect(bench.times("turn:24.test")).toEqual([24, 34, 44]);
    expect(bench.monitor.report.groups.map(({ urls }) => urls.map(({ url }) => url))).toEqual([
      [own],
      ["turn:24.test"],
    ]);
  });

  it("describes them by provider, and failing open by own groups only", () => {
    const bench = new Bench();
    const [servers] = plain([], [own]);
    bench.monitor.configure(servers, settings, [openProvider(bench)]);
    const labelsOf = (name: string) =>
      bench.monitor
        .describe()
        .find((metric) => metric.name === name)
        ?.values.map(({ labels }) => labels);
    expect(labelsOf("ice_turn_url_up")).toEqual([
      { url: own, region: "default" },
      { url: bought, provider: "cloudflare" },
    ]);
    expect(labelsOf("ice_failing_open")).toEqual([{ kind: "turn", region: "default" }]);
  });
});

describe("HealthMonitor at a reload", () => {
  it("keeps the state of URLs that stay, and probes all of them at once", async () => {
    const bench = new Bench();
    bench.outcomes.set("turn:a", refused).set("turn:gone", refused);
    bench.monitor.configure(...plain([], ["turn:a", "turn:gone", "turn:b"], settings));
    await bench.time.advance(25);
    expect(bench.down).toEqual(["turn:a", "turn:gone"]);
    bench.monitor.configure(...plain([], ["turn:a", "turn:b", "turn:new"], settings));
    expect(bench.down).toEqual(["turn:a"]);
    await bench.time.advance(1);
    expect(bench.times("turn:a")).toEqual([0, 10, 20, 25]);
    expect(bench.times("turn:new")).toEqual([25]);
    expect(bench.times("turn:gone")).toEqual([0, 10, 20]);
    await bench.time.advance(60);
    expect(bench.times("turn:gone")).toEqual([0, 10, 20]);
    expect(bench.times("turn:a").slice(-2)).toEqual([75, 85]);
    expect(bench.down).toEqual(["turn:a"]);
  });

  it("calls off what is under way, which counts for nothing", async () => {
    const bench = new Bench();
    bench.probeSeconds = 4;
    bench.outcomes.set("turn:a", refused);
    const ice = plain([], ["turn:a"], { ...settings, failures: 1 });
    bench.monitor.configure(...ice);
    await bench.time.advance(3);
    bench.monitor.configure(...ice);
    await bench.time.advance(3);
    expect(bench.told).toEqual([]);
    expect(bench.times("turn:a")).toEqual([0, 3]);
    await bench.time.advance(1);
    expect(bench.told).toEqual([["turn:a"]]);
  });

  it("ends, with nothing down, where nothing is to be probed any more", async () => {
    const bench = new Bench();
    bench.outcomes.set("turn:a", refused);
    bench.monitor.configure(...plain([], ["turn:a", "turn:b"], settings));
    await bench.time.advance(25);
    bench.monitor.configure(...plain([], ["turn:a", "turn:b"]));
    expect(bench.told).toEqual([["turn:a"], []]);
    const count = bench.probes.length;
    await bench.time.advance(60);
    expect(bench.probes).toHaveLength(count);
    expect(bench.monitor.report).toEqual({ probing: false, groups: [] });
  });

  it("stops, and calls off what is under way", async () => {
    const bench = new Bench();
    bench.probeSeconds = 4;
    bench.monitor.configure(...plain([], ["turn:a", "turn:b"], { ...settings, concurrency: 1 }));
    await bench.time.advance(1);
    expect(bench.underWay).toBe(1);
    bench.monitor.stop();
    await bench.time.advance(60);
    expect(bench.underWay).toBe(0);
    expect(bench.probes).toHaveLength(1);
  });
});

describe("lists by the word of a HealthMonitor", () => {
  const stun = ["stun:s1", "stun:s2"];
  const turn = { eu: ["turn:eu1", "turn:eu2"], us: ["turn:us1"] } as const;
  const all = [...stun, ...turn.eu, ...turn.us];
  const step = fc.record({
    dead: fc.subarray(all),
    seconds: fc.integer({ min: 1, max: 60 }),
    random: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  it("never hold URLs known to be dead only, while others live, and after a while none of the dead", () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const bench = new Bench();
        const ice = regional(stun, turn);
        const list = listAtOnce(
          createIceServerLister(ice[0], bench.time.clock, (url) => !bench.down.includes(url)),
        );
        const ask = (region: string) => {
          const urls = list(
            { kind: "connector", issuer: "", subject: "alice" },
            { region, ttlSeconds: 0, maxUrls: 0 },
          ).iceServers;
          const texts = urls.flatMap((server) => server.urls);
          return { stun: texts.filter(isStun), turn: texts.filter((url) => !isStun(url)) };
        };
        const check = () => {
          const up = all.filter((url) => !bench.down.includes(url));
          for (const region of ["eu", "us"]) {
            const answer = ask(region);
            const liveTurn = up.filter((url) => !isStun(url));
            const liveStun = up.filter(isStun);
            expect(answer.stun).toEqual(liveStun.length > 0 ? liveStun : stun);
            expect(answer.turn).not.toEqual([]);
            expect(liveTurn.length === 0 || answer.turn.every((url) => up.includes(url))).toBe(
              true,
            );
          }
        };
        bench.monitor.configure(...ice);
        for (const { dead, seconds, random } of steps) {
          bench.random = random;
          bench.outcomes.clear();
          for (const url of dead) {
            bench.outcomes.set(url, refused);
          }
          for (let second = 0; second < seconds; second++) {
            await bench.time.advance(1);
            check();
          }
        }
        const dead = steps.at(-1)?.dead ?? [];
        await bench.time.advance(settings.failures * settings.intervalSeconds * 1.1 + 5);
        expect(bench.down).toEqual(all.filter((url) => dead.includes(url)));
        check();
        bench.monitor.stop();
      }),
      { numRuns: 50 },
    ));
});

function isStun(url: string): boolean {
  return url.startsWith("stun:");
}
