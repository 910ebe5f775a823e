import { beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../src/authentication/caller.js";
import { TokenRejectedError } from "../../src/authentication/token-rejected-error.js";
import { type TokenVerifier, UnknownToken } from "../../src/authentication/token-verifier.js";
import { UsersRightMissingError } from "../../src/authentication/users-right.js";
import { InvalidFieldError } from "../../src/errors.js";
import type { FindRegion } from "../../src/geolocation/region-finder.js";
import type { IceServerList } from "../../src/ice/ice-server-list.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import type { LimitsConfig } from "../../src/limits/limits-config.js";
import { createIceServerLister, type IceServerLister } from "../../src/turn/ice-server-lister.js";
import type { CredentialLifeSettings } from "../../src/turn/ice-server-settings.js";
import { ManagedChoice } from "../../src/turn/managed/managed-choice.js";
import { ManagedStates } from "../../src/turn/managed/managed-states.js";
import type { SharedSecretSettings } from "../../src/turn/providers/shared-secret/provider.js";
import { IceServerWatches, WatchLimitError } from "../../src/watch/ice-server-watches.js";
import { connectorCaller, jwtCaller } from "../parts/callers.js";
import { ManualTime } from "../parts/manual-time.js";
import { createFleet, createSharedSecret, hourLife } from "../turn/ice-servers.js";

const startSeconds = 1_748_390_400;
interface Changes
  extends Partial<Pick<SharedSecretSettings, "identity">>,
    Partial<CredentialLifeSettings> {
  readonly urls?: readonly string[];
  readonly secret?: string;
}
const stunUrls = [parseIceUrl("stun:a.example")];
const anything = { region: "", ttlSeconds: 0, maxUrls: 0, user: "", clientAddress: "" };
const alice = (expiresInSeconds: number) =>
  jwtCaller("https://issuer.test", "alice", {
    expiresAtSeconds: startSeconds + expiresInSeconds,
    endsAtSeconds: startSeconds + expiresInSeconds + 30,
  });

let time: ManualTime;
let random: number;
let limits: Pick<LimitsConfig, "watches" | "watchesPerCaller">;
let repeatSeconds: number | undefined;
let lister: IceServerLister;
let findRegion: FindRegion | undefined;
let caller: Caller;
let verify: TokenVerifier["verify"];
let watches: IceServerWatches;
let verifications: number;
let begun: object[];

beforeEach(() => {
  time = new ManualTime(startSeconds);
  random = 0;
  limits = { watches: 10_000, watchesPerCaller: 10_000 };
  repeatSeconds = undefined;
  caller = alice(1_000_000);
  verifications = 0;
  begun = [];
  verify = () => caller;
  findRegion = undefined;
  configure({});
  const verifier: TokenVerifier = {
    recognize: (token) => new UnknownToken(token, undefined),
    async verifyUnknown() {
      throw new Error("a watch verifies tokens, known or not");
    },
    verify(token, wait) {
      verifications += 1;
      return verify(token, wait);
    },
    async load() {},
    forget() {},
    describe: () => [],
    sources: [],
  };
  watches = new IceServerWatches({
    clock: time.clock,
    startTimer: time.startTimer,
    random: () => random,
    log: { info: (fields: object) => void begun.push(fields) },
    readSnapshot: () => ({
      verifier,
      lister,
      findRegion,
      config: { limits, ice: { watch: { ...(repeatSeconds && { repeatSeconds }) } } },
    }),
  });
});

/** As a reload does it. */
function configure(changes: Changes | "stun only"): void {
  if (changes === "stun only") {
    lister = createIceServerLister(createFleet({ stunUrls }), time.clock);
    return;
  }
  const { urls = ["turn:a.example"], secret = "north", identity = "subject", ...life } = changes;
  const turn = createSharedSecret(urls, { secret, identity });
  lister = createIceServerLister(
    createFleet({ stunUrls, turn }, { ttlSeconds: 1000, ...life }),
    time.clock,
  );
}

interface Reader {
  /** How long after the start each list came, in seconds. */
  readonly times: number[];
  readonly lists: IceServerList[];
  readonly end: Promise<unknown>;
  leave(): void;
}

const order = {
  token: "t",
  headers: new Headers({ place: "here" }),
  origin: {},
  wait: { signal: new AbortController().signal },
};

function open(request = anything, who = caller): Reader {
  const times: number[] = [];
  const lists: IceServerList[] = [];
  const source = watches.open(who, { ...order, request }, (list) => list);
  async function read(): Promise<unknown> {
    try {
      for await (const list of source) {
        times.push((time.clock() - startSeconds * 1000) / 1000);
        lists.push(list);
      }
      return "done";
    } catch (error) {
      return error;
    }
  }
  return { times, lists, end: read(), leave: () => void source.return?.() };
}

async function change(changes: Changes | "stun only"): Promise<void> {
  configure(changes);
  watches.listsChanged();
}

describe("a watch", () => {
  it("gets its list at once, and a fresh one at three quarters of the life, again and again", async () => {
    const { times, lists } = open();
    await time.advance(2400);
    expect(times).toEqual([0, 750, 1500, 2250]);
    expect(lists.map(({ credentialLife }) => credentialLife?.expiresAtSeconds)).toEqual(
      [1000, 1750, 2500, 3250].map((seconds) => startSeconds + seconds),
    );
  });

  it("gets it earlier by up to a tenth of the life, by chance", async () => {
    random = 1;
    const { times } = open({ ...anything, ttlSeconds: 100 });
    random = 0.5;
    await time.advance(140);
    expect(times).toEqual([0, 65, 135]);
  });

  it.each<[ttlSeconds: number, openedAt: number, refreshedAt: number]>([
    [60, 0.9, 45],
    [3, 0.9, 2.25],
    [2, 0.9, 1.5],
    [60, 0.001, 45],
  ])(
    "of %s s that begins at %s s counts the life from its whole second",
    async (ttlSeconds, openedAt, at) => {
      await time.advance(openedAt);
      configure({ ttlSeconds, minTtlSeconds: 1 });
      const { times } = open();
      await time.advance(at - openedAt);
      expect(times).toEqual([openedAt, at]);
    },
  );

  it("gets no list with an expired credential, however short its life", async () => {
    configure({ ttlSeconds: 2, minTtlSeconds: 1 });
    const { times, lists } = open();
    await time.advance(20);
    const ends = lists.map(
      ({ credentialLife }) => (credentialLife?.expiresAtSeconds ?? 0) - startSeconds,
    );
    expect(times.length).toBeGreaterThan(10);
    for (const [index, at] of times.slice(1).entries()) {
      expect(at).toBeLessThan(ends[index] ?? 0);
    }
  });

  it("gets a fresh list soon after the clock is set back, and after a sleep", async () => {
    const { times, lists } = open();
    await time.advance(100);
    time.setBack(3600);
    await time.advance(2);
    expect(times[1]).toBeLessThan(100 - 3600 + 2);
    expect(lists[1]?.credentialLife?.ttlSeconds).toBe(1000);
    time.setBack(-3600);
    await time.advance(2);
    expect(lists).toHaveLength(3);
    expect(lists[2]?.credentialLife?.ttlSeconds).toBe(1000);
  });

  it("is not disturbed by a clock that is corrected by less than a second", async () => {
    const { times } = open();
    await time.advance(100);
    time.setBack(0.5);
    await time.advance(500);
    expect(times).toEqual([0]);
  });

  it("with a life of years does not overflow a timer", async () => {
    configure({ ttlSeconds: 365 * 86_400 });
    const { times } = open();
    await time.advance(3600);
    expect(times).toEqual([0]);
  });

  it("without TURN has nothing to refresh", async () => {
    configure("stun only");
    const { times, lists } = open();
    await time.advance(5000);
    expect(times).toEqual([0]);
    await change({});
    await time.advance(1);
    expect(lists).toHaveLength(2);
  });

  it("of a credential that ends with its token gets no more than one", async () => {
    configure({ capAtTokenExpiry: true });
    caller = alice(500);
    const { times, lists, end } = open();
    await time.advance(520);
    expect(times).toEqual([0]);
    expect(lists[0]?.credentialLife?.ttlSeconds).toBe(500);
    verify = () => {
      throw new TokenRejectedError("expired");
    };
    await time.advance(10);
    expect(await end).toEqual(new TokenRejectedError("expired"));
  });

  it("is refused when its request is out of range", async () => {
    const { end } = open({ ...anything, ttlSeconds: 5 });
    expect(await end).toBeInstanceOf(InvalidFieldError);
    expect(watches.size).toBe(0);
    expect(begun).toEqual([]);
  });

  it("waits for a verification that takes its time", async () => {
    let verified = (_: Caller) => {};
    verify = () =>
      new Promise((resolve) => {
        verified = resolve;
      });
    const { times } = open();
    await time.advance(0.5);
    expect(times).toEqual([]);
    verified(caller);
    await time.advance(0.1);
    expect(times).toEqual([0.5]);
  });
});

describe("the region of a watch", () => {
  const openRegions = (...names: [string, ...string[]]) => {
    const [first, ...rest] = names.map((name) => ({
      name,
      stunUrls,
      turn: createSharedSecret([`turn:${name}.example`]),
    }));
    lister = createIceServerLister(
      {
        regions: [first ?? { name: "", stunUrls }, ...rest],
        defaultRegion: names[0],
        life: hourLife,
      },
      time.clock,
    );
    watches.listsChanged();
  };
  const regionsOf = (lists: readonly IceServerList[]) => lists.map(({ region }) => region);

  it("is found anew, by the present configuration, if the request names none", async () => {
    openRegions("eu", "us");
    findRegion = (headers) => (headers.get("place") === "here" ? "us" : "");
    const { lists } = open();
    await time.advance(1);
    findRegion = () => "eu";
    watches.listsChanged();
    await time.advance(1);
    findRegion = () => "ap";
    openRegions("eu", "ap");
    await time.advance(1);
    expect(regionsOf(lists)).toEqual(["us", "eu", "ap"]);
  });

  it("is the default when nothing tells it any more", async () => {
    openRegions("eu", "us");
    findRegion = () => "us";
    const { lists } = open();
    await time.advance(1);
    findRegion = undefined;
    openRegions("eu");
    await time.advance(1);
    expect(regionsOf(lists)).toEqual(["us", "eu"]);
    expect(watches.size).toBe(1);
  });

  it("ends the watch that has named it, when it leaves the configuration", async () => {
    openRegions("eu", "us");
    findRegion = () => "eu";
    const { lists, end } = open({ ...anything, region: "us" });
    openRegions("eu");
    await time.advance(1);
    expect(regionsOf(lists)).toEqual(["us"]);
    expect(await end).toBeInstanceOf(InvalidFieldError);
  });
});

describe("many watches", () => {
  it("each get their lists on time", async () => {
    configure({ ttlSeconds: 100 });
    const readers: Reader[] = [];
    for (let index = 0; index < 300; index++) {
      random = (index * 0.618) % 1;
      readers.push(open());
      await time.advance(0.01);
    }
    random = 0;
    await time.advance(100);
    for (const [index, { times }] of readers.entries()) {
      const openedAt = index * 0.01;
      const share = 0.75 - 0.1 * ((index * 0.618) % 1);
      expect(times[1]).toBeCloseTo(Math.floor(openedAt) + 100 * share, 2);
    }
  });

  it("keep few timers running", async () => {
    for (let index = 0; index < 1000; index++) {
      random = (index * 0.618) % 1;
      open({ ...anything, ttlSeconds: 60 + (index % 40) });
    }
    await time.advance(40);
    expect(time.timerCount).toBeLessThan(20);
  });
});

describe("a change", () => {
  it("is told soon, by the new configuration, and the life counts from there", async () => {
    const { times, lists } = open();
    await time.advance(100);
    await change({ urls: ["turn:b.example"] });
    await time.advance(0.5);
    expect(times).toEqual([0, 100.2]);
    expect(lists[1]?.iceServers[1]?.urls).toEqual(["turn:b.example"]);
    await time.advance(800);
    // The whole second in which it was made counts.
    expect(times).toEqual([0, 100.2, 850]);
  });

  it.each<[string, Changes]>([
    ["the secret", { secret: "south" }],
    ["the life", { ttlSeconds: 2000 }],
    ["the naming", { identity: "static" }],
  ])("of %s is told", async (_, changes) => {
    const { times } = open();
    await time.advance(100.5);
    await change(changes);
    await time.advance(1);
    expect(times).toHaveLength(2);
  });

  it("to the same list is not told, and refreshes stay as they were", async () => {
    const { times } = open();
    await time.advance(100.5);
    await change({});
    await change({ minTtlSeconds: 30 });
    await time.advance(700);
    expect(times).toEqual([0, 750]);
    expect(verifications).toBe(3);
  });

  it("that comes with others is told once", async () => {
    const { times, lists } = open();
    for (const name of ["b", "c", "d"]) {
      await change({ urls: [`turn:${name}.example`] });
      await time.advance(0.05);
    }
    await time.advance(1);
    expect(times).toEqual([0, 0.2]);
    expect(lists[1]?.iceServers[1]?.urls).toEqual(["turn:d.example"]);
  });

  it("reaches every watch though changes never cease, a part of them at a time", async () => {
    const readers = Array.from({ length: 2000 }, () => open());
    for (let round = 0; round < 10; round += 1) {
      await change({ urls: [`turn:x${round}.example`] });
      await time.advance(0.15);
    }
    const seconds = new Set(readers.map(({ times }) => times[1]));
    expect(seconds.size).toBe(50);
    expect(Math.min(...[...seconds].map(Number))).toBe(0.2);
    expect(Math.max(...[...seconds].map(Number))).toBeLessThan(0.7);
    await time.advance(1);
    const last = readers.map(({ lists }) => lists.at(-1)?.iceServers[1]?.urls[0]);
    expect(new Set(last)).toEqual(new Set(["turn:x9.example"]));
  });

  it("that makes the request wrong ends the watch", async () => {
    const { end } = open({ ...anything, ttlSeconds: 500 });
    await change({ ttlSeconds: 100 });
    await time.advance(1);
    expect(await end).toBeInstanceOf(InvalidFieldError);
  });

  it("that takes the right to name users ends the watches of users, and no other", async () => {
    caller = { ...caller, usersRight: "granted" };
    const ofUser = open({ ...anything, user: "bob" });
    const ofAddress = open({ ...anything, clientAddress: "192.0.2.7" });
    open();
    await time.advance(1);
    caller = alice(1_000_000);
    await change({ urls: ["turn:b.example"] });
    await time.advance(2);
    expect(await ofUser.end).toBeInstanceOf(UsersRightMissingError);
    expect(await ofAddress.end).toBeInstanceOf(UsersRightMissingError);
    expect(ofUser.lists).toHaveLength(1);
    expect(watches.size).toBe(1);
  });

  it("that revokes the token ends the watch, and nothing of it is left", async () => {
    const { end, times } = open();
    verify = () => {
      throw new TokenRejectedError("revoked");
    };
    await change({ urls: ["turn:b.example"] });
    await time.advance(2);
    expect(await end).toEqual(new TokenRejectedError("revoked"));
    expect(times).toEqual([0]);
    expect(watches.size).toBe(0);
    expect(time.timerCount).toBe(0);
  });

  it("that overtakes a slow verification wins", async () => {
    const { lists, end } = open();
    let refuse = (_: Error) => {};
    verify = () =>
      new Promise((_, reject) => {
        refuse = reject;
      });
    await change({ urls: ["turn:b.example"] });
    await time.advance(0.5);
    verify = () => caller;
    await change({ urls: ["turn:c.example"] });
    await time.advance(0.5);
    refuse(new TokenRejectedError("cancelled"));
    await time.advance(1);
    expect(lists.map(({ iceServers }) => iceServers[1]?.urls[0])).toEqual([
      "turn:a.example",
      "turn:c.example",
    ]);
    expect(await Promise.race([end, "open"])).toBe("open");
  });
});

describe("a watch that repeats its list", () => {
  const livesOf = (lists: readonly IceServerList[]) =>
    lists.map(({ credentialLife }) => credentialLife?.ttlSeconds);
  const expiriesOf = (lists: readonly IceServerList[]) =>
    lists.map(({ credentialLife }) => (credentialLife?.expiresAtSeconds ?? 0) - startSeconds);

  beforeEach(() => {
    repeatSeconds = 45;
  });

  it("sends the same servers and expiry, with the life that is left, and verifies nothing", async () => {
    const { times, lists } = open();
    await time.advance(100);
    expect(times).toEqual([0, 45, 90]);
    expect(livesOf(lists)).toEqual([1000, 955, 910]);
    expect(expiriesOf(lists)).toEqual([1000, 1000, 1000]);
    expect(lists[2]?.iceServers).toBe(lists[0]?.iceServers);
    expect(verifications).toBe(1);
  });

  it("gets fresh credentials when it would without", async () => {
    const { times, lists } = open({ ...anything, ttlSeconds: 100 });
    await time.advance(160);
    expect(times).toEqual([0, 45, 75, 120, 150]);
    expect(livesOf(lists)).toEqual([100, 55, 100, 55, 100]);
  });

  it("repeats up to a quarter earlier, by chance", async () => {
    random = 1;
    const { times } = open();
    await time.advance(80);
    expect(times).toEqual([0, 33.75, 67.5]);
  });

  it("without TURN sends the same list", async () => {
    configure("stun only");
    const { lists } = open();
    await time.advance(50);
    expect(lists).toHaveLength(2);
    expect(lists[1]).toBe(lists[0]);
  });

  it("shares the repeated list with others who have the same one", async () => {
    configure({ identity: "static" });
    const one = open();
    const other = open();
    await time.advance(50);
    expect(other.lists[1]).toBe(one.lists[1]);
  });

  it("counts from a change, and repeats what that has brought", async () => {
    const { times, lists } = open();
    await time.advance(40);
    await change({ urls: ["turn:b.example"] });
    await time.advance(50);
    expect(times).toEqual([0, 40.2, 85.2]);
    expect(lists[2]?.iceServers[1]?.urls).toEqual(["turn:b.example"]);
  });

  it("does not repeat what a change replaces at the same time", async () => {
    const readers = Array.from({ length: 2000 }, () => open());
    await time.advance(44.7);
    await change({ urls: ["turn:b.example"] });
    await time.advance(2);
    const urls = readers.map(({ lists }) => lists.map(({ iceServers }) => iceServers[1]?.urls[0]));
    expect(new Set(urls.map(String))).toEqual(new Set(["turn:a.example,turn:b.example"]));
  });

  it("repeats to many a part of them at a time", async () => {
    const readers = Array.from({ length: 2000 }, () => open());
    await time.advance(46);
    const seconds = new Set(readers.map(({ times }) => times[1]));
    expect(seconds.size).toBe(50);
    expect(Math.max(...[...seconds].map(Number))).toBeLessThan(46);
  });

  it("follows the configuration", async () => {
    repeatSeconds = undefined;
    const { times } = open();
    await time.advance(100);
    expect(times).toEqual([0]);
    repeatSeconds = 10;
    watches.listsChanged();
    await time.advance(15);
    expect(times).toEqual([0, 100.3, 110.3]);
    repeatSeconds = undefined;
    watches.listsChanged();
    await time.advance(100);
    expect(times).toHaveLength(3);
  });

  it("sends no credential that has ended", async () => {
    configure({ capAtTokenExpiry: true });
    caller = alice(100);
    const { lists } = open();
    await time.advance(129);
    expect(livesOf(lists)).toEqual([100, 55, 10]);
  });

  it("goes on when the clock is set back", async () => {
    const { lists } = open();
    await time.advance(10);
    time.setBack(3600);
    await time.advance(50);
    expect(livesOf(lists)).toEqual([1000, 1000, 955]);
  });

  it("keeps of what a slow reader has not taken the newest only", async () => {
    const lists = watches.open(caller, { ...order, request: anything }, (list) => list);
    await time.advance(200);
    const reader = lists[Symbol.asyncIterator]();
    const readLife = async () => (await reader.next()).value?.credentialLife?.ttlSeconds;
    expect(await readLife()).toBe(820);
    await time.advance(100);
    expect(await readLife()).toBe(730);
    await reader.return?.();
    expect(watches.size).toBe(0);
  });
});

describe("the end of a watch", () => {
  it("comes when the token ends, tolerance included", async () => {
    caller = alice(100);
    const { end } = open();
    verify = () => {
      if (time.clock() / 1000 >= startSeconds + 130) {
        throw new TokenRejectedError("expired");
      }
      return caller;
    };
    await time.advance(129);
    expect(watches.size).toBe(1);
    await time.advance(1);
    expect(await end).toEqual(new TokenRejectedError("expired"));
  });

  it("comes when the reader leaves while it waits, and frees everything", async () => {
    const { end, leave } = open();
    leave();
    expect(await end).toBe("done");
    expect(watches.size).toBe(0);
    await time.advance(1);
    expect(time.timerCount).toBe(0);
  });

  it("comes when the reader leaves after a list", async () => {
    const lists = watches.open(caller, { ...order, request: anything }, (list) => list);
    for await (const _ of lists) {
      break;
    }
    expect(watches.size).toBe(0);
  });
});

describe("limits", () => {
  const other = connectorCaller("alice");

  it("bound the watches of one caller, and count those that end no more", async () => {
    limits = { watches: 10, watchesPerCaller: 2 };
    const first = open();
    open();
    expect(() => open()).toThrow(
      new WatchLimitError(
        "caller_watch_limit",
        "the caller has 2 watches, which is the most it may have",
      ),
    );
    open(anything, other);
    first.leave();
    await first.end;
    open();
    expect(() => open()).toThrow(WatchLimitError);
    expect(watches.size).toBe(3);
  });

  it("bound the watches of each user by itself", () => {
    limits = { watches: 10, watchesPerCaller: 1 };
    const backend: Caller = { ...other, usersRight: "granted" };
    caller = backend;
    open();
    open({ ...anything, user: "bob" });
    open({ ...anything, user: "carol" });
    expect(() => open({ ...anything, user: "bob" })).toThrow(WatchLimitError);
    expect(() => open({ ...anything, clientAddress: "192.0.2.7" })).toThrow(WatchLimitError);
    expect(watches.size).toBe(3);
  });

  it("give a caller without the right no watch of a user", () => {
    expect(() => open({ ...anything, user: "bob" })).toThrow(UsersRightMissingError);
    expect(watches.size).toBe(0);
  });

  it("bound the watches of the process, and follow the configuration", () => {
    limits = { watches: 1, watchesPerCaller: 10 };
    open();
    expect(() => open(anything, other)).toThrow("the server has as many watches as it may");
    limits = { watches: 2, watchesPerCaller: 10 };
    open(anything, other);
  });
});

describe("a watch with managed servers", () => {
  let states: ManagedStates;
  beforeEach(() => {
    states = new ManagedStates();
    states.onChange(() => watches.listsChanged());
    const service = {
      ...{ name: "a", identity: "a", timeoutMs: 2000, maxPerHour: undefined },
      createRequest: () => expect.unreachable(),
      readResponse: () => expect.unreachable(),
    };
    const { clock, startTimer } = time;
    const log = { info() {}, warn() {} };
    const managed = new ManagedChoice(
      { services: [service], use: "fallback" },
      { states, clock, startTimer, log, isUp: undefined },
    );
    const fleet = createFleet({ stunUrls }, { ttlSeconds: 100_000 });
    lister = createIceServerLister(fleet, clock, undefined, managed);
  });

  function give(credential: string, ttlSeconds: number): void {
    const expiresAtSeconds = Math.floor(time.clock() / 1000) + ttlSeconds;
    const entries = [{ urls: ["turn:a.test"], username: "u", credential }] as const;
    const dated = { entries, expiresAtSeconds, usableUntilSeconds: expiresAtSeconds - 30 };
    states.set([{ identity: "a", isPending: false, credential: dated }]);
  }
  const credentialsOf = (lists: readonly IceServerList[]) =>
    lists.map(({ iceServers }) => iceServers.at(-1)?.credential);

  it("waits for the first credential, and gets it once", async () => {
    const { times, lists } = open();
    await time.advance(1);
    expect(lists).toEqual([]);
    give("c", 1000);
    await time.advance(100);
    expect(times).toEqual([1]);
    expect(credentialsOf(lists)).toEqual(["c"]);
  });

  it("gets each renewed credential, and learns when there is none any more", async () => {
    give("c", 1000);
    const { times, lists } = open();
    await time.advance(500);
    give("d", 1000);
    await time.advance(500);
    states.set([{ identity: "a", isPending: false }]);
    await time.advance(500);
    expect(times).toEqual([0, 500.2, 1000.2]);
    expect(credentialsOf(lists)).toEqual(["c", "d", undefined]);
  });
});

const logged = { kind: "jwt", issuer: "https://issuer.test", name: "alice" };

it("logs where a watch begins, and neither its user nor its lists", async () => {
  caller = { ...caller, usersRight: "granted" };
  open({ ...anything, user: "bob", clientAddress: "192.0.2.7" });
  await time.advance(2000);
  expect(begun).toEqual([{ caller: logged, watches: 1 }]);
});

it("logs where a watch begins, and nothing of its lists", async () => {
  open();
  await time.advance(2000);
  expect(begun).toEqual([{ caller: logged, watches: 1 }]);
});
