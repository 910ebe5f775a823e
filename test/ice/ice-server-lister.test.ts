import { createHmac, createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { InvalidFieldError } from "../../src/errors.js";
import { CallerExpiredError, type TurnSettings } from "../../src/ice/ice-server-list.js";
import { createIceServerLister } from "../../src/ice/ice-server-lister.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";

const nowSeconds = 1_748_390_400;
const clock = () => nowSeconds * 1000 + 999;
const secret = createSecretKey("north", "utf8");
const stunUrls = ["stun:a.example", "stun:b.example"].map(parseIceUrl);
const turn: TurnSettings = {
  urls: ["turn:c.example", "turns:c.example:443"].map(parseIceUrl),
  secret,
  acceptedSecrets: [{ name: "turn.secret", key: secret }],
  ttlSeconds: 3600,
  minTtlSeconds: 60,
  identity: "static",
  name: "gateway",
  capAtTokenExpiry: false,
};
const caller = { subject: "alice", issuer: "https://issuer.test" };
const anything = { region: "", ttlSeconds: 0, maxUrls: 0 };
const usernameFor = (
  settings: Partial<TurnSettings>,
  who: { subject: string; issuer?: string } = caller,
) =>
  createIceServerLister({ stunUrls: [], turn: { ...turn, ...settings } }, clock)(who, anything)
    .iceServers[0]?.username;

describe("createIceServerLister", () => {
  it("lists STUN entries in order, then one TURN entry with a fresh credential", () => {
    const username = `${nowSeconds + 3600}:gateway`;
    expect(createIceServerLister({ stunUrls, turn }, clock)(caller, anything)).toEqual({
      iceServers: [
        { urls: ["stun:a.example"] },
        { urls: ["stun:b.example"] },
        {
          urls: ["turn:c.example", "turns:c.example:443"],
          username,
          credential: createHmac("sha1", "north").update(username).digest("base64"),
        },
      ],
      region: "",
      credentialLife: { expiresAtSeconds: nowSeconds + 3600, ttlSeconds: 3600 },
    });
  });

  it("has no credential and no life without TURN", () => {
    expect(createIceServerLister({ stunUrls }, clock)(caller, anything)).toEqual({
      iceServers: [{ urls: ["stun:a.example"] }, { urls: ["stun:b.example"] }],
      region: "",
    });
  });

  it.each([
    ["region", { region: "mars" }, "no regions are configured"],
    ["ttl_seconds", { ttlSeconds: 59 }, "from 60 to 3600"],
    ["ttl_seconds", { ttlSeconds: 3601 }, "from 60 to 3600"],
    ["ttl_seconds", { ttlSeconds: -1 }, "from 60 to 3600"],
    ["ttl_seconds", { ttlSeconds: Number.NaN }, "from 60 to 3600"],
    ["max_urls", { maxUrls: -1 }, "0 (no limit) or more"],
  ])("refuses %s in %o", (field, request, message) => {
    const list = createIceServerLister({ stunUrls, turn }, clock);
    const call = () => list(caller, { ...anything, ...request });
    expect(call).toThrow(InvalidFieldError);
    expect(call).toThrow(message);
    expect(call).toThrow(field);
  });

  it.each([60, 3600])("takes a TTL at its bound: %s", (ttlSeconds) => {
    const { credentialLife } = createIceServerLister({ stunUrls, turn }, clock)(caller, {
      ...anything,
      ttlSeconds,
    });
    expect(credentialLife).toEqual({ expiresAtSeconds: nowSeconds + ttlSeconds, ttlSeconds });
  });

  it.each([0, 1, 59, 3601, 2 ** 31 - 1])("ignores a TTL without TURN: %s", (ttlSeconds) => {
    const list = createIceServerLister({ stunUrls }, clock);
    expect(list(caller, { ...anything, ttlSeconds })).not.toHaveProperty("credentialLife");
  });

  it("refuses a negative TTL and a region without TURN too", () => {
    const list = createIceServerLister({ stunUrls }, clock);
    expect(() => list(caller, { ...anything, ttlSeconds: -1 })).toThrow("ttl_seconds");
    expect(() => list(caller, { ...anything, region: "mars" })).toThrow("region");
  });

  it.each<[maxUrls: number, urls: string[][]]>([
    [1, [["turns:c.example:443"]]],
    [2, [["turn:c.example", "turns:c.example:443"]]],
    [3, [["stun:a.example"], ["turn:c.example", "turns:c.example:443"]]],
    [4, [["stun:a.example"], ["stun:b.example"], ["turn:c.example", "turns:c.example:443"]]],
    [99, [["stun:a.example"], ["stun:b.example"], ["turn:c.example", "turns:c.example:443"]]],
  ])("cuts URLs, not entries, to %s", (maxUrls, urls) => {
    const { iceServers } = createIceServerLister({ stunUrls, turn }, clock)(caller, {
      ...anything,
      maxUrls,
    });
    expect(iceServers.map((server) => server.urls)).toEqual(urls);
  });

  // A browser throws on an entry without URLs.
  it("never cuts TURN to nothing, even where its only URL is over DTLS", () => {
    const urls = ["turns:d.example?transport=udp"];
    const list = createIceServerLister(
      { stunUrls, turn: { ...turn, urls: urls.map(parseIceUrl) } },
      clock,
    );
    expect(list(caller, { ...anything, maxUrls: 1 }).iceServers).toEqual([
      { urls, username: expect.any(String), credential: expect.any(String) },
    ]);
  });

  it("answers each call by the clock of that call", () => {
    let nowMs = nowSeconds * 1000;
    const list = createIceServerLister({ stunUrls, turn }, () => nowMs);
    const first = list(caller, anything);
    nowMs += 5000;
    const second = list(caller, anything);
    expect(first.credentialLife?.expiresAtSeconds).toBe(nowSeconds + 3600);
    expect(second.credentialLife?.expiresAtSeconds).toBe(nowSeconds + 3605);
    expect(second.iceServers.at(-1)?.credential).not.toBe(first.iceServers.at(-1)?.credential);
  });

  it("names the caller by subject, encoded where TURN servers would refuse it", () => {
    expect(usernameFor({ identity: "subject" })).toBe(`${nowSeconds + 3600}:alice`);
    expect(usernameFor({ identity: "subject" }, { subject: "a b" })).toBe(
      `${nowSeconds + 3600}:a%20b`,
    );
  });

  it("names the caller by a pseudonym: stable, and different by subject, issuer and secret", () => {
    const identity = "pseudonym";
    const names = [
      usernameFor({ identity }),
      usernameFor({ identity }, { subject: "alice" }),
      usernameFor({ identity }, { ...caller, subject: "bob" }),
      usernameFor({ identity, secret: createSecretKey("south", "utf8") }),
    ];
    expect(usernameFor({ identity })).toBe(names[0]);
    expect(new Set(names).size).toBe(4);
    expect(names.join()).not.toContain("alice");
  });

  it("caps the life at the token's, when told to", () => {
    const list = createIceServerLister(
      { stunUrls, turn: { ...turn, capAtTokenExpiry: true } },
      clock,
    );
    const lifeOf = (expiresAtSeconds: number) =>
      list({ ...caller, expiresAtSeconds }, anything).credentialLife?.ttlSeconds;
    expect(lifeOf(nowSeconds + 30)).toBe(30);
    expect(lifeOf(nowSeconds + 9999)).toBe(3600);
    expect(lifeOf(nowSeconds + 1.9)).toBe(1);
    expect(() => lifeOf(nowSeconds + 0.9)).toThrow(CallerExpiredError);
    expect(() => lifeOf(nowSeconds)).toThrow(CallerExpiredError);
    expect(() => lifeOf(nowSeconds - 30)).toThrow(CallerExpiredError);
    expect(list(caller, anything).credentialLife?.ttlSeconds).toBe(3600);
  });

  it("gives a caller whose token has expired what it may have without a cap, or without TURN", () => {
    const expired = { ...caller, expiresAtSeconds: nowSeconds - 10 };
    const life = { expiresAtSeconds: nowSeconds + 3600, ttlSeconds: 3600 };
    expect(
      createIceServerLister({ stunUrls, turn }, clock)(expired, anything).credentialLife,
    ).toEqual(life);
    expect(createIceServerLister({ stunUrls }, clock)(expired, anything).iceServers).toHaveLength(
      2,
    );
  });
});

describe("a list that is remembered", () => {
  function openLister(settings: Partial<TurnSettings>) {
    let nowMs = nowSeconds * 1000;
    const list = createIceServerLister({ stunUrls, turn: { ...turn, ...settings } }, () => nowMs);
    const usernames = (
      requests: [who: { subject: string; expiresAtSeconds?: number }, request?: object][],
    ) =>
      requests.map(
        ([who, request]) =>
          list(who, { ...anything, ...request }).iceServers.find(({ username }) => username)
            ?.username,
      );
    const pass = (ms: number) => {
      nowMs += ms;
    };
    return { list, usernames, pass };
  }
  const alice = { subject: "alice" };
  const bob = { subject: "bob" };

  it("is the same object for the same name within a second, and a fresh one after it", () => {
    const { list, pass } = openLister({});
    const first = list(alice, anything);
    pass(999);
    expect(list(bob, anything)).toBe(first);
    pass(1);
    const second = list(alice, anything);
    expect(second.credentialLife?.expiresAtSeconds).toBe(nowSeconds + 3601);
    expect(second.iceServers[2]?.credential).not.toBe(first.iceServers[2]?.credential);
  });

  it.each(["subject", "pseudonym"] as const)(
    "never goes to another caller, identity %s",
    (identity) => {
      const { usernames } = openLister({ identity });
      const [a, b, again] = usernames([[alice], [bob], [alice]]);
      expect(a).not.toBe(b);
      expect(again).toBe(a);
    },
  );

  it("never goes to a request for another life or another number of URLs", () => {
    const { list } = openLister({});
    const lives = [0, 60, 0, 120].map((ttlSeconds) => list(alice, { ...anything, ttlSeconds }));
    expect(lives.map(({ credentialLife }) => credentialLife?.ttlSeconds)).toEqual([
      3600, 60, 3600, 120,
    ]);
    const counts = [1, 2, 1, 0].map((maxUrls) => list(alice, { ...anything, maxUrls }));
    expect(counts.map(({ iceServers }) => iceServers.flatMap(({ urls }) => urls).length)).toEqual([
      1, 2, 1, 4,
    ]);
  });

  it("never outlives the token that a credential is capped at", () => {
    const { usernames } = openLister({ capAtTokenExpiry: true });
    const capped = { ...alice, expiresAtSeconds: nowSeconds + 100 };
    expect(usernames([[alice], [capped], [alice]])).toEqual([
      `${nowSeconds + 3600}:gateway`,
      `${nowSeconds + 100}:gateway`,
      `${nowSeconds + 3600}:gateway`,
    ]);
  });

  it("follows a clock that is set back", () => {
    const { list, pass } = openLister({});
    const first = list(alice, anything);
    pass(-5_000);
    expect(list(alice, anything).credentialLife?.expiresAtSeconds).toBe(nowSeconds + 3595);
    pass(5_000);
    expect(list(alice, anything)).toEqual(first);
  });
});
