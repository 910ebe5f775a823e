import { describe, expect, it } from "vitest";
import type { IceServerList } from "../../../src/ice/ice-server-list.js";
import { parseIceUrl } from "../../../src/ice/ice-url.js";
import {
  createIceServerLister,
  type IceServerLister,
} from "../../../src/turn/ice-server-lister.js";
import type { IceServerSettings, ManagedUse } from "../../../src/turn/ice-server-settings.js";
import { ManagedChoice } from "../../../src/turn/managed/managed-choice.js";
import type { ManagedService } from "../../../src/turn/managed/managed-service.js";
import { type ManagedState, ManagedStates } from "../../../src/turn/managed/managed-states.js";
import { findUrlKey } from "../../../src/turn/selection/live-urls.js";
import { ManualTime } from "../../parts/manual-time.js";
import { createFleet, createSharedSecret, hourLife } from "../ice-servers.js";

const startSeconds = 1_748_390_400;
const stunUrls = ["stun:s.test"].map(parseIceUrl);
const own = ["turn:own.test", "turns:own.test:443?transport=tcp"];
const bought = ["turn:a.test:3478?transport=udp", "turns:a.test:5349?transport=tcp"];
/** The keys of the URLs that provider `a` lists. */
const boughtOfA = bought.map((text) => findUrlKey(parseIceUrl(text), "a"));
const caller = { kind: "jwt", issuer: "", subject: "alice" };
const anything = { region: "", ttlSeconds: 0, maxUrls: 0 };

const service = (name: string): ManagedService => ({
  ...{ name, identity: name, timeoutMs: 2000, maxPerHour: undefined },
  createRequest() {
    throw new Error("a lister asks no service");
  },
  readResponse() {
    throw new Error("a lister reads no response");
  },
});

/** A lister, and what decides about its lists. */
class Bench {
  readonly time = new ManualTime(startSeconds);
  readonly states = new ManagedStates();
  readonly lines: string[] = [];
  readonly down = new Set<string>();
  readonly lister: IceServerLister;
  #known: ManagedState[] = [];

  constructor({
    use = "fallback",
    turn = own,
    services = ["a"],
    servers,
  }: {
    use?: ManagedUse;
    turn?: readonly string[];
    services?: readonly string[];
    servers?: IceServerSettings;
  } = {}) {
    const isUp = (key: string) => !this.down.has(key);
    const choice = new ManagedChoice(
      { services: services.map(service), use },
      {
        states: this.states,
        clock: this.time.clock,
        startTimer: this.time.startTimer,
        log: {
          info: (_, text) => this.lines.push(text),
          warn: (_, text) => this.lines.push(text),
        },
        isUp,
      },
    );
    const provider = turn.length > 0 && { turn: createSharedSecret(turn) };
    const fleet = servers ?? createFleet({ stunUrls, ...provider });
    this.lister = createIceServerLister(fleet, this.time.clock, isUp, choice);
  }

  give(name: string, ttlSeconds = 12 * 3600, urls: readonly string[] = bought): void {
    const expiresAtSeconds = this.time.clock() / 1000 + ttlSeconds;
    this.know({
      identity: name,
      isPending: false,
      credential: {
        entries: [{ urls, username: `user-${name}`, credential: `pass-${expiresAtSeconds}` }],
        expiresAtSeconds,
        usableUntilSeconds: expiresAtSeconds - 30,
      },
    });
  }

  know(state: ManagedState): void {
    this.#known = [...this.#known.filter(({ identity }) => identity !== state.identity), state];
    this.states.set(this.#known);
  }

  fail(name: string): void {
    this.know({ identity: name, isPending: false });
  }

  list(request: Partial<typeof anything> = {}, who = caller): IceServerList {
    const made = this.lister.list(who, { ...anything, ...request });
    if (made instanceof Promise) {
      throw new TypeError("the list is not made at once");
    }
    return made;
  }

  urls(request: Partial<typeof anything> = {}): string[] {
    return this.list(request).iceServers.flatMap(({ urls }) => urls);
  }

  get version(): string {
    return this.lister.findVersion(caller, anything);
  }

  setDown(...keys: readonly string[]): void {
    this.down.clear();
    for (const key of keys) {
      this.down.add(key);
    }
  }
}

const entry = (username: string, urls: readonly string[]) => ({
  urls,
  username: expect.stringContaining(username),
  credential: expect.any(String),
});
const stun = { urls: ["stun:s.test"] };

describe("lists with managedUse: fallback", () => {
  it("have own servers while one of them is up, and managed ones only when none is", () => {
    const bench = new Bench();
    bench.give("a");
    expect(bench.list().iceServers).toEqual([stun, entry("gateway", own)]);
    bench.setDown("turn:own.test");
    expect(bench.urls()).toEqual(["stun:s.test", "turns:own.test:443?transport=tcp"]);
    bench.setDown(...own);
    expect(bench.list()).toMatchObject({
      iceServers: [stun, entry("user-a", bought)],
      managed: { provider: "a", reason: "fallback" },
    });
    bench.setDown();
    expect(bench.list().iceServers).toEqual([stun, entry("gateway", own)]);
    expect(bench.list()).not.toHaveProperty("managed");
  });

  it("have the next provider where one has no credential, or no server that is up", () => {
    const bench = new Bench({ services: ["a", "b"] });
    bench.setDown(...own);
    bench.fail("a");
    bench.give("b", 3600, ["turn:b.test"]);
    expect(bench.urls()).toEqual(["stun:s.test", "turn:b.test"]);
    bench.give("a");
    expect(bench.urls()).toEqual(["stun:s.test", ...bought]);
    bench.setDown(...own, ...boughtOfA);
    expect(bench.urls()).toEqual(["stun:s.test", "turn:b.test"]);
  });

  it("have the next provider where servers of both reject the credential of the first", () => {
    const bench = new Bench({ services: ["a", "b"] });
    bench.give("a");
    bench.give("b");
    bench.setDown(...own, ...boughtOfA);
    expect(bench.list().iceServers).toEqual([stun, entry("user-b", bought)]);
  });

  it("have a managed provider that lists an own server whose secret is another now", () => {
    const bench = new Bench();
    bench.give("a", 3600, own);
    bench.setDown(...own);
    expect(bench.list().iceServers).toEqual([stun, entry("user-a", own)]);
  });

  it("have everything when nothing is up: the probes may be wrong", () => {
    const bench = new Bench();
    bench.give("a");
    bench.setDown(...own, ...boughtOfA);
    expect(bench.list().iceServers).toEqual([stun, entry("gateway", own), entry("user-a", bought)]);
  });

  it("have own servers, though they are down, without a managed credential", async () => {
    const bench = new Bench();
    bench.fail("a");
    bench.setDown(...own);
    expect(bench.list()).toMatchObject({
      iceServers: [stun, entry("gateway", own)],
      managed: { provider: undefined, reason: "fallback" },
    });
    bench.list();
    expect(bench.lines).toEqual([expect.stringContaining("responses lack managed TURN")]);
    bench.give("a");
    bench.list();
    expect(bench.lines).toEqual([expect.anything(), "responses have managed TURN again"]);
  });

  it("go to another own region before a managed provider", () => {
    const region = (name: string) => ({
      ...{ name, stunUrls },
      turn: createSharedSecret([`turn:${name}.test`]),
      spread: { weights: new Map<string, number>(), serversPerAnswer: 0 },
    });
    const regions = [region("eu"), region("us")] as const;
    const bench = new Bench({ servers: { regions, defaultRegion: "eu", life: hourLife } });
    bench.give("a");
    bench.setDown("turn:eu.test");
    expect(bench.urls({ region: "eu" })).toEqual(["stun:s.test", "turn:us.test"]);
    bench.setDown("turn:eu.test", "turn:us.test");
    expect(bench.list({ region: "us" })).toMatchObject({
      region: "us",
      iceServers: [stun, entry("user-a", bought)],
    });
  });
});

describe("lists with managedUse: always", () => {
  it("have managed servers after the own ones, and expire with the first credential", () => {
    const bench = new Bench({ use: "always" });
    bench.give("a", 1800);
    expect(bench.list()).toMatchObject({
      iceServers: [stun, entry("gateway", own), entry("user-a", bought)],
      credentialLife: { expiresAtSeconds: startSeconds + 1800, ttlSeconds: 1800 },
      managed: { provider: "a", reason: "always" },
    });
    bench.give("a", 12 * 3600);
    expect(bench.list().credentialLife?.ttlSeconds).toBe(3600);
    expect(bench.list({ ttlSeconds: 60 }).credentialLife?.ttlSeconds).toBe(60);
  });

  it("share a budget of URLs, and only what is left decides the life", () => {
    const bench = new Bench({ use: "always", turn: ["turn:own.test"] });
    bench.give("a", 1800, ["turns:a.test:443?transport=tcp", "turn:a.test"]);
    expect(bench.urls({ maxUrls: 1 })).toEqual(["turns:a.test:443?transport=tcp"]);
    expect(bench.urls({ maxUrls: 2 })).toEqual(["turn:own.test", "turns:a.test:443?transport=tcp"]);
    bench.give("a", 1800, ["turn:a.test"]);
    expect(bench.list({ maxUrls: 1 })).toMatchObject({
      iceServers: [entry("gateway", ["turn:own.test"])],
      credentialLife: { ttlSeconds: 3600 },
    });
    expect(bench.list({ maxUrls: 1 })).not.toHaveProperty("managed");
    expect(bench.list({ maxUrls: 3 }).credentialLife?.ttlSeconds).toBe(1800);
  });

  it("leave managed servers out that are down", () => {
    const bench = new Bench({ use: "always" });
    bench.give("a");
    bench.setDown(...boughtOfA);
    expect(bench.list().iceServers).toEqual([stun, entry("gateway", own)]);
  });

  it("have the entries of a provider with a credential each", () => {
    const bench = new Bench({ turn: [] });
    bench.know({
      identity: "a",
      isPending: false,
      credential: {
        entries: [
          { urls: ["turn:a.test", "turn:b.test"], username: "one", credential: "1" },
          { urls: ["turns:c.test"], username: "two", credential: "2" },
        ],
        expiresAtSeconds: startSeconds + 900,
        usableUntilSeconds: startSeconds + 870,
      },
    });
    bench.setDown("turn:a.test of a");
    expect(bench.list().iceServers).toEqual([
      stun,
      { urls: ["turn:b.test"], username: "one", credential: "1" },
      { urls: ["turns:c.test"], username: "two", credential: "2" },
    ]);
  });
});

describe("lists without own TURN servers", () => {
  it("have managed ones, and live as long as the caller asks or the credential lasts", () => {
    const bench = new Bench({ turn: [] });
    bench.give("a", 1800);
    expect(bench.list()).toMatchObject({
      iceServers: [stun, entry("user-a", bought)],
      credentialLife: { expiresAtSeconds: startSeconds + 1800, ttlSeconds: 1800 },
      managed: { provider: "a", reason: "only" },
    });
    expect(bench.list({ ttlSeconds: 600 }).credentialLife?.ttlSeconds).toBe(600);
    expect(() => bench.list({ ttlSeconds: 59 })).toThrow("from 60 to 3600");
  });

  it("are without TURN once the credential is used up", async () => {
    const bench = new Bench({ turn: [] });
    bench.give("a", 1800);
    await bench.time.advance(1769);
    expect(bench.urls()).toEqual(["stun:s.test", ...bought]);
    await bench.time.advance(1);
    expect(bench.list()).toEqual({
      iceServers: [stun],
      region: "",
      managed: { provider: undefined, reason: "only" },
    });
  });

  it("end with the caller's token where that is asked for", () => {
    const life = { ...hourLife, capAtTokenExpiry: true };
    const bench = new Bench({ servers: { ...createFleet({ stunUrls }), life } });
    bench.give("a");
    const list = bench.lister.list({ ...caller, expiresAtSeconds: startSeconds + 60 }, anything);
    expect(list).toMatchObject({ credentialLife: { ttlSeconds: 60 } });
  });
});

describe("a call before the first credential", () => {
  it("waits for it", async () => {
    const bench = new Bench({ turn: [] });
    const list = bench.lister.list(caller, anything);
    expect(list).toBeInstanceOf(Promise);
    await bench.time.advance(1);
    bench.give("a");
    await expect(list).resolves.toMatchObject({ iceServers: [stun, entry("user-a", bought)] });
  });

  it("waits no longer than the timeout, and those after it not at all", async () => {
    const bench = new Bench({ turn: [] });
    const lists = [bench.lister.list(caller, anything)];
    await bench.time.advance(1.5);
    lists.push(bench.lister.list(caller, anything));
    await bench.time.advance(0.5);
    await expect(Promise.all(lists)).resolves.toEqual([
      expect.objectContaining({ iceServers: [stun] }),
      expect.objectContaining({ iceServers: [stun] }),
    ]);
    expect(bench.urls()).toEqual(["stun:s.test"]);
    expect(bench.lines).toEqual([expect.stringContaining("responses lack managed TURN")]);
  });

  it("waits no longer when the provider has failed", async () => {
    const bench = new Bench({ turn: [] });
    const list = bench.lister.list(caller, anything);
    bench.fail("a");
    await expect(list).resolves.toMatchObject({ iceServers: [stun] });
  });

  it("waits for the next provider when the first has failed", async () => {
    const bench = new Bench({ turn: [], services: ["a", "b"] });
    const list = bench.lister.list(caller, anything);
    bench.fail("a");
    await bench.time.advance(0);
    bench.give("b");
    await expect(list).resolves.toMatchObject({ managed: { provider: "b" } });
  });

  it("does not wait while an own server is up", () => {
    expect(new Bench().urls()).toEqual(["stun:s.test", ...own]);
  });

  it("does not wait while another provider has a credential", () => {
    const bench = new Bench({ turn: [], services: ["a", "b"] });
    bench.know({ identity: "a", isPending: true });
    bench.give("b");
    expect(bench.list().managed).toEqual({ provider: "b", reason: "only" });
  });

  it("rejects a wrong request at once", () => {
    const bench = new Bench({ turn: [] });
    expect(() => bench.lister.list(caller, { ...anything, region: "mars" })).toThrow("region");
  });
});

describe("the version of a list", () => {
  it("changes with the managed credential that is in use, and with who serves", () => {
    const bench = new Bench();
    bench.give("a");
    const withOwn = bench.version;
    bench.give("a", 1000);
    expect(bench.version).toBe(withOwn);
    bench.setDown(...own);
    const withManaged = bench.version;
    expect(withManaged).not.toBe(withOwn);
    bench.give("a", 2000);
    expect(bench.version).not.toBe(withManaged);
    bench.setDown();
    expect(bench.version).toBe(withOwn);
  });

  it("stays with time, and over a reload that changes nothing", async () => {
    const bench = new Bench({ turn: [] });
    bench.give("a");
    const before = bench.version;
    await bench.time.advance(100);
    bench.states.set(structuredClone(bench.states.list));
    expect(bench.version).toBe(before);
  });

  it("holds no secret", () => {
    const bench = new Bench({ turn: [] });
    bench.give("a");
    expect(bench.version).not.toMatch(/user-a|pass-/);
  });
});

describe("equal lists", () => {
  it("are one object within a second", async () => {
    const bench = new Bench({ use: "always" });
    bench.give("a");
    const list = bench.list();
    expect(bench.list()).toBe(list);
    await bench.time.advance(1);
    expect(bench.list()).not.toBe(list);
    expect(bench.list()).toBe(bench.list());
  });
});
