import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { InvalidFieldError } from "../../src/errors.js";
import type { IceServerList, IceServerRequest } from "../../src/ice/ice-server-list.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { CallerExpiredError } from "../../src/turn/credential-life.js";
import { createIceServerLister, type IceServerCaller } from "../../src/turn/ice-server-lister.js";
import type { CredentialLifeSettings } from "../../src/turn/ice-server-settings.js";
import type { TurnGrant, TurnProvider } from "../../src/turn/provider.js";
import type { SharedSecretSettings } from "../../src/turn/providers/shared-secret/provider.js";
import { createFleet, createSharedSecret, listAtOnce } from "./ice-servers.js";

const nowSeconds = 1_748_390_400;
const clock = () => nowSeconds * 1000 + 999;
const stunUrls = ["stun:a.example", "stun:b.example"].map(parseIceUrl);
const turnUrls = ["turn:c.example", "turns:c.example:443"];
const caller: IceServerCaller = {
  kind: "jwt",
  subject: "alice",
  issuer: "https://issuer.test",
};
const named = (subject: string): IceServerCaller => ({ kind: "connector", issuer: "", subject });
const anything = { region: "", ttlSeconds: 0, maxUrls: 0 };

const openFleet = (life: Partial<CredentialLifeSettings> = {}, now = clock) =>
  listAtOnce(
    createIceServerLister(createFleet({ stunUrls, turn: createSharedSecret(turnUrls) }, life), now),
  );
const openStunOnly = () => listAtOnce(createIceServerLister(createFleet({ stunUrls }), clock));
const usernameFor = (
  settings: Partial<SharedSecretSettings> & { secret?: string },
  who: IceServerCaller = caller,
) =>
  listAtOnce(
    createIceServerLister(
      createFleet({ stunUrls: [], turn: createSharedSecret(turnUrls, settings) }),
      clock,
    ),
  )(who, anything).iceServers[0]?.username;

describe("createIceServerLister", () => {
  it("lists STUN entries in order, then one TURN entry with a fresh credential", () => {
    const username = `${nowSeconds + 3600}:gateway`;
    expect(openFleet()(caller, anything)).toEqual({
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
    expect(openStunOnly()(caller, anything)).toEqual({
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
    const list = openFleet();
    const call = () => list(caller, { ...anything, ...request });
    expect(call).toThrow(InvalidFieldError);
    expect(call).toThrow(message);
    expect(call).toThrow(field);
  });

  it.each([60, 3600])("takes a TTL at its bound: %s", (ttlSeconds) => {
    const { credentialLife } = openFleet()(caller, {
      ...anything,
      ttlSeconds,
    });
    expect(credentialLife).toEqual({ expiresAtSeconds: nowSeconds + ttlSeconds, ttlSeconds });
  });

  it.each([0, 1, 59, 3601, 2 ** 31 - 1])("ignores a TTL without TURN: %s", (ttlSeconds) => {
    const list = openStunOnly();
    expect(list(caller, { ...anything, ttlSeconds })).not.toHaveProperty("credentialLife");
  });

  it("refuses a negative TTL and a region without TURN too", () => {
    const list = openStunOnly();
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
    const { iceServers } = openFleet()(caller, {
      ...anything,
      maxUrls,
    });
    expect(iceServers.map((server) => server.urls)).toEqual(urls);
  });

  // A browser throws on an entry without URLs.
  it("never cuts TURN to nothing, even where its only URL is over DTLS", () => {
    const urls = ["turns:d.example?transport=udp"];
    const fleet = createFleet({ stunUrls, turn: createSharedSecret(urls) });
    const list = listAtOnce(createIceServerLister(fleet, clock));
    expect(list(caller, { ...anything, maxUrls: 1 }).iceServers).toEqual([
      { urls, username: expect.any(String), credential: expect.any(String) },
    ]);
  });

  it("answers each call by the clock of that call", () => {
    let nowMs = nowSeconds * 1000;
    const list = openFleet({}, () => nowMs);
    const first = list(caller, anything);
    nowMs += 5000;
    const second = list(caller, anything);
    expect(first.credentialLife?.expiresAtSeconds).toBe(nowSeconds + 3600);
    expect(second.credentialLife?.expiresAtSeconds).toBe(nowSeconds + 3605);
    expect(second.iceServers.at(-1)?.credential).not.toBe(first.iceServers.at(-1)?.credential);
  });

  it("names the caller by subject, encoded where TURN servers would refuse it", () => {
    expect(usernameFor({ identity: "subject" })).toBe(`${nowSeconds + 3600}:f17d3a0b.alice`);
    expect(usernameFor({ identity: "subject" }, named("a b"))).toBe(
      `${nowSeconds + 3600}:f9a36fec.a%20b`,
    );
  });

  it("names the caller by a pseudonym: stable, and different by subject, issuer and secret", () => {
    const identity = "pseudonym";
    const names = [
      usernameFor({ identity }),
      usernameFor({ identity }, named("alice")),
      usernameFor({ identity }, { ...caller, subject: "bob" }),
      usernameFor({ identity, secret: "south" }),
    ];
    expect(usernameFor({ identity })).toBe(names[0]);
    expect(new Set(names).size).toBe(4);
    expect(names.join()).not.toContain("alice");
  });

  it("caps the life at the token's, when told to", () => {
    const list = openFleet({ capAtTokenExpiry: true });
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
    expect(openFleet()(expired, anything).credentialLife).toEqual(life);
    expect(openStunOnly()(expired, anything).iceServers).toHaveLength(2);
  });
});

describe("a list that is remembered", () => {
  function openLister(
    settings: Partial<SharedSecretSettings>,
    life: Partial<CredentialLifeSettings> = {},
  ) {
    let nowMs = nowSeconds * 1000;
    const fleet = createFleet({ stunUrls, turn: createSharedSecret(turnUrls, settings) }, life);
    const list = listAtOnce(createIceServerLister(fleet, () => nowMs));
    const usernames = (requests: [who: IceServerCaller, request?: object][]) =>
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
  const alice = named("alice");
  const bob = named("bob");

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
    const { usernames } = openLister({}, { capAtTokenExpiry: true });
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

describe("a lister whose provider is not a shared secret", () => {
  const [udp, tls] = ["turn:one.example", "turns:two.example:443"].map(parseIceUrl);
  const urls = [udp, tls].flatMap((url) => url ?? []);
  const entriesOf = (names: readonly string[]): TurnGrant["entries"] => {
    const [first, ...rest] = urls.map((url, index) => ({
      urls: [url],
      username: names[index] ?? "",
      credential: "password",
    }));
    if (first === undefined) {
      throw new TypeError("there are URLs");
    }
    return [first, ...rest];
  };
  const openWith = (issue: TurnProvider["issue"]) =>
    createIceServerLister(
      createFleet({ stunUrls, turn: { urls, version: "1", issue, probeAccounts: [] } }),
      clock,
    );
  const grant: TurnGrant = {
    entries: entriesOf(["first", "second"]),
    expiresAtSeconds: nowSeconds + 500,
  };

  it("gives an entry for each credential, and the life of the one that expires first", () => {
    const list = listAtOnce(openWith(() => grant));
    expect(list(caller, anything)).toEqual({
      iceServers: [
        { urls: ["stun:a.example"] },
        { urls: ["stun:b.example"] },
        { urls: ["turn:one.example"], username: "first", credential: "password" },
        { urls: ["turns:two.example:443"], username: "second", credential: "password" },
      ],
      region: "",
      credentialLife: { expiresAtSeconds: nowSeconds + 500, ttlSeconds: 500 },
    });
    expect(list(caller, anything)).toBe(list(caller, anything));
  });

  it("leaves out an entry of which a limit leaves no URL", () => {
    const list = listAtOnce(openWith(() => grant));
    expect(list(caller, { ...anything, maxUrls: 1 }).iceServers).toEqual([
      { urls: ["turns:two.example:443"], username: "second", credential: "password" },
    ]);
  });

  it("waits for a provider that has to ask somebody", async () => {
    const list = openWith(async () => grant).list(caller, anything);
    expect(list).toBeInstanceOf(Promise);
    expect((await list).iceServers).toHaveLength(4);
  });

  it.each<[string, TurnProvider["issue"]]>([
    ["at once", () => undefined],
    ["later", async () => undefined],
  ])("gives STUN servers where there is nothing else to give, %s", async (_, issue) => {
    const answer = async (request: Partial<IceServerRequest>): Promise<IceServerList> =>
      openWith(issue).list(caller, { ...anything, ...request });
    const stun = [{ urls: ["stun:a.example"] }, { urls: ["stun:b.example"] }];
    expect(await answer({})).toEqual({ iceServers: stun, region: "" });
    expect((await answer({ maxUrls: 1 })).iceServers).toEqual(stun.slice(0, 1));
  });
});

describe("the version of an answer", () => {
  const versionOf = (
    settings: Parameters<typeof createSharedSecret>[1],
    {
      urls = turnUrls,
      life = {},
      request = {},
      who = caller,
    }: {
      urls?: readonly string[];
      life?: Partial<CredentialLifeSettings>;
      request?: Partial<IceServerRequest>;
      who?: IceServerCaller;
    } = {},
  ) =>
    createIceServerLister(
      createFleet({ stunUrls, turn: createSharedSecret(urls, settings) }, life),
      clock,
    ).findVersion(who, { ...anything, ...request });
  const version = versionOf({});

  it("stays the same with equal settings, and with settings that change no answer", () => {
    expect(versionOf({})).toBe(version);
    expect(versionOf({}, { life: { minTtlSeconds: 1 } })).toBe(version);
    expect(versionOf({}, { life: { ttlSeconds: 9999 }, request: { ttlSeconds: 3600 } })).toBe(
      version,
    );
  });

  it.each([
    ["the secret", versionOf({ secret: "south" })],
    ["the name", versionOf({ name: "other" })],
    ["the identity", versionOf({ identity: "subject" })],
    ["the URLs", versionOf({}, { urls: turnUrls.toReversed() })],
    ["the life", versionOf({}, { life: { ttlSeconds: 7200 } })],
    ["the cap", versionOf({}, { life: { capAtTokenExpiry: true } })],
    ["the requested life", versionOf({}, { request: { ttlSeconds: 60 } })],
    ["the requested number of URLs", versionOf({}, { request: { maxUrls: 1 } })],
  ])("changes with %s", (_, changed) => {
    expect(changed).not.toBe(version);
  });

  it("follows servers that go down and come back", () => {
    const down = new Set<string>();
    const lister = createIceServerLister(
      createFleet({ stunUrls, turn: createSharedSecret(turnUrls) }),
      clock,
      (url) => !down.has(url),
    );
    const read = () => lister.findVersion(caller, anything);
    const before = read();
    down.add("turn:c.example");
    expect(read()).not.toBe(before);
    down.clear();
    expect(read()).toBe(before);
  });

  it("is refused as the request is", () => {
    expect(() => versionOf({}, { request: { region: "mars" } })).toThrow(InvalidFieldError);
  });
});
