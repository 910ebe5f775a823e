import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { InvalidFieldError } from "../../src/errors.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { createIceServerLister, type IceServerCaller } from "../../src/turn/ice-server-lister.js";
import type { IceRegion, IceServerSettings } from "../../src/turn/ice-server-settings.js";
import type { SharedSecretSettings } from "../../src/turn/providers/shared-secret/provider.js";
import type { IsUp } from "../../src/turn/selection/live-urls.js";
import { createFleet, createSharedSecret, hourLife, listAtOnce } from "./ice-servers.js";

const nowSeconds = 1_748_390_400;
const clock = () => nowSeconds * 1000;
const caller: IceServerCaller = {
  kind: "jwt",
  subject: "alice",
  issuer: "https://issuer.test",
};
const named = (subject: string): IceServerCaller => ({ kind: "connector", issuer: "", subject });
const callers = Array.from({ length: 200 }, (_, index) => named(`user-${index}`));
const anything = { region: "", ttlSeconds: 0, maxUrls: 0 };
const globalStun = ["stun:stun.example"].map(parseIceUrl);

interface TestRegion extends IceRegion {
  readonly turnTexts: readonly string[];
}

function region(
  name: string,
  urls: readonly string[],
  { stun, ...turn }: Partial<SharedSecretSettings> & { secret?: string; stun?: string[] } = {},
): TestRegion {
  return {
    name,
    stunUrls: stun?.map(parseIceUrl) ?? globalStun,
    turn: createSharedSecret(urls, { secret: `secret-of-${name}`, ...turn }),
    turnTexts: urls,
  };
}

function open(
  list: IceServerSettings["regions"],
  { defaultRegion = list[0].name, serversPerAnswer = 0 } = {},
  isUp?: IsUp,
) {
  const spread = { weights: new Map<string, number>(), serversPerAnswer };
  const [first, ...rest] = list;
  const settings: IceServerSettings = {
    regions: [{ ...first, spread }, ...rest.map((each) => ({ ...each, spread }))],
    defaultRegion,
    life: hourLife,
  };
  return listAtOnce(createIceServerLister(settings, clock, isUp));
}

const eu = region("eu", ["turn:eu.example"]);
const us = region("us", ["turn:us.example", "turns:us.example"], { stun: ["stun:us.example"] });

describe("a lister of regions", () => {
  it("gives the servers of the region that is asked for, with a credential of its secret", () => {
    const username = `${nowSeconds + 3600}:gateway`;
    expect(open([eu, us])(caller, { ...anything, region: "us" })).toEqual({
      iceServers: [
        { urls: ["stun:us.example"] },
        {
          urls: ["turn:us.example", "turns:us.example"],
          username,
          credential: createHmac("sha1", "secret-of-us").update(username).digest("base64"),
        },
      ],
      region: "us",
      credentialLife: { expiresAtSeconds: nowSeconds + 3600, ttlSeconds: 3600 },
    });
  });

  it.each(["eu", "us"])("gives those of the default region to whoever names none: %s", (name) => {
    const list = open([eu, us], { defaultRegion: name });
    expect(list(caller, anything)).toEqual(list(caller, { ...anything, region: name }));
  });

  it.each(["mars", "EU", " eu", "__proto__"])("refuses the unknown region %j", (name) => {
    const call = () => open([eu, us])(caller, { ...anything, region: name });
    expect(call).toThrow(InvalidFieldError);
    expect(call).toThrow("region is unknown: the regions are eu, us");
  });

  it("keeps its bounds of TTLs and URLs", () => {
    const list = open([eu, us]);
    expect(() => list(caller, { ...anything, ttlSeconds: 59 })).toThrow("from 60 to 3600");
    expect(() => list(caller, { ...anything, maxUrls: -1 })).toThrow("max_urls");
    expect(list(caller, { ...anything, region: "us", maxUrls: 1 }).iceServers).toMatchObject([
      { urls: ["turns:us.example"] },
    ]);
  });

  it("names a caller by the region's name, or by a pseudonym for each secret", () => {
    const list = open([
      region("a", ["turn:a.example"], { name: "of-a" }),
      region("b", ["turn:b.example"], { identity: "pseudonym" }),
      region("c", ["turn:c.example"], { identity: "pseudonym" }),
      region("d", ["turn:d.example"], {
        identity: "pseudonym",
        secret: "secret-of-c",
      }),
    ]);
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) =>
      list(caller, { ...anything, region: name }).iceServers[1]?.username?.replace(/^\d+:/, ""),
    );
    expect(a).toBe("of-a");
    expect(b).not.toBe(c);
    expect(d).toBe(c);
  });

  it("gives IPv6 literals as they are", () => {
    const urls = ["turn:[2001:db8::1]:3478", "turns:[2001:db8::1]:443?transport=tcp"];
    const list = open([region("eu", urls)]);
    expect(list(caller, anything).iceServers[1]?.urls).toEqual(urls);
  });
});

const servers = ["a", "b", "c"].flatMap((host) => [`turn:${host}`, `turn:${host}?transport=tcp`]);
const turnUrls = ({ iceServers }: { iceServers: readonly { urls: readonly string[] }[] }) =>
  iceServers.at(-1)?.urls ?? [];

describe("the servers of a region", () => {
  it("stand in an order of the caller's own, which stays", () => {
    const list = open([region("eu", servers)]);
    const orders = callers.map((each) => turnUrls(list(each, anything)).join());
    expect(new Set(orders).size).toBe(6);
    expect(callers.map((each) => turnUrls(list(each, anything)).join())).toEqual(orders);
    for (const order of orders) {
      expect(order.split(",").sort()).toEqual([...servers].sort());
    }
  });

  it.each([1, 2, 3, 4])("are cut to %s an answer", (serversPerAnswer) => {
    const list = open([region("eu", servers)], { serversPerAnswer });
    const counts = callers.map((each) => turnUrls(list(each, anything)).length);
    expect(new Set(counts)).toEqual(new Set([2 * Math.min(serversPerAnswer, 3)]));
  });

  it("keep each way to connect, however few an answer names", () => {
    const mixed = ["turn:a", "turn:b", "turn:b?transport=tcp", "turns:c", "turns:d"];
    const list = open([region("eu", mixed)], { serversPerAnswer: 1 });
    for (const each of callers) {
      const urls = turnUrls(list(each, anything)).map(parseIceUrl);
      expect(new Set(urls.map(({ scheme, transport }) => `${scheme} ${transport}`))).toEqual(
        new Set(["turn udp", "turn tcp", "turns tcp"]),
      );
      expect(urls.length).toBeLessThanOrEqual(4);
    }
  });

  it("keep their callers when one of them goes down, and get them back", () => {
    const down = new Set<string>();
    const list = open([region("eu", servers)], { serversPerAnswer: 1 }, (url) => !down.has(url));
    const hostOf = (each: IceServerCaller) => turnUrls(list(each, anything))[0];
    const before = callers.map(hostOf);
    down.add("turn:b").add("turn:b?transport=tcp");
    const during = callers.map(hostOf);
    expect(during).not.toContain("turn:b");
    expect(during.filter((_, index) => before[index] !== "turn:b")).toEqual(
      before.filter((host) => host !== "turn:b"),
    );
    down.clear();
    expect(callers.map(hostOf)).toEqual(before);
  });

  it("are remembered for a second, by what an answer names", () => {
    const list = open([region("eu", servers)], { serversPerAnswer: 1 });
    const first = new Map(callers.map((each) => [turnUrls(list(each, anything))[0], each]));
    expect(first.size).toBe(3);
    const lists = [...first.values()].map((each) => list(each, anything));
    expect(new Set(lists).size).toBe(3);
    for (const [index, each] of [...first.values()].entries()) {
      expect(list(each, anything)).toBe(lists[index]);
    }
    const single = open([eu]);
    expect(single(named("bob"), anything)).toBe(single(caller, anything));
  });

  it("are each given by as many URLs as asked for, of whatever order there are", () => {
    const many = Array.from({ length: 8 }, (_, index) => `turn:t${index}`);
    const list = open([region("eu", many)]);
    for (const each of callers) {
      expect([...turnUrls(list(each, anything))].sort()).toEqual(many);
      const cut = list(each, { ...anything, maxUrls: 3 });
      expect(cut.iceServers.flatMap(({ urls }) => urls)).toHaveLength(3);
    }
  });
});

describe("a lister of servers that are watched", () => {
  const watched = [
    region("eu", ["turn:eu1", "turns:eu2"], { stun: ["stun:s1", "stun:s2"] }),
    region("us", ["turn:us1"], { stun: ["stun:s1"] }),
    region("ap", ["turn:ap1", "turn:ap2?transport=tcp"], { stun: [] }),
  ] as const;
  const urlsOf = ({ stunUrls, turnTexts }: TestRegion) => [
    ...stunUrls.map(({ text }) => text),
    ...turnTexts,
  ];
  const all = [...new Set(watched.flatMap(urlsOf))];

  it("leaves out what is down while something is up, and takes the next region, in every case", () => {
    const faults: string[] = [];
    for (let bits = 0; bits < 2 ** all.length; bits++) {
      const up = new Set(all.filter((_, index) => bits & (1 << index)));
      const list = open(watched, {}, (url) => up.has(url));
      for (const [index, { name }] of watched.entries()) {
        for (const maxUrls of [0, 1, 2]) {
          const answer = list(caller, { ...anything, region: name, maxUrls });
          const urls = answer.iceServers.flatMap((server) => server.urls);
          const turn = urls.filter((url) => url.startsWith("turn"));
          const stun = urls.filter((url) => url.startsWith("stun"));
          const inOrder = [...watched.slice(index), ...watched.slice(0, index)];
          const expected = inOrder.find((each) => each.turnTexts.some((text) => up.has(text)));
          const served = watched.find((each) => each.name === answer.region);
          const isAnyStunUp = served?.stunUrls.some(({ text }) => up.has(text)) ?? false;
          if (
            served !== (expected ?? watched[index]) ||
            turn.length === 0 ||
            (expected !== undefined && !turn.every((url) => up.has(url))) ||
            (isAnyStunUp && !stun.every((url) => up.has(url)))
          ) {
            faults.push(`${name}, ${maxUrls} URLs, up: ${[...up]}: ${answer.region} ${urls}`);
          }
        }
      }
    }
    expect(faults).toEqual([]);
  });

  it("gives all as configured where all are down", () => {
    const answers = watched.map(({ name }) =>
      open(watched, {}, () => false)(caller, { ...anything, region: name }),
    );
    const unwatched = watched.map(({ name }) =>
      open(watched)(caller, { ...anything, region: name }),
    );
    expect(answers).toEqual(unwatched);
  });

  it("follows the servers from call to call", () => {
    const down = new Set<string>();
    const list = open(watched, {}, (url) => !down.has(url));
    const regionOf = () => list(caller, anything).region;
    expect(regionOf()).toBe("eu");
    down.add("turn:eu1").add("turns:eu2");
    expect(regionOf()).toBe("us");
    down.add("turn:us1");
    expect(regionOf()).toBe("ap");
    down.delete("turns:eu2");
    expect(turnUrls(list(caller, anything))).toEqual(["turns:eu2"]);
    expect(regionOf()).toBe("eu");
  });

  it("leaves out what is down where no regions are configured, in configured order", () => {
    const up = new Set(["turn:eu2", "turn:eu1", "stun:s2"]);
    const turn = createSharedSecret(["turn:eu2", "turn:eu3", "turn:eu1"]);
    const stunUrls = ["stun:s1", "stun:s2"].map(parseIceUrl);
    const settings = createFleet({ stunUrls, turn });
    const list = listAtOnce(createIceServerLister(settings, clock, (url) => up.has(url)));
    const urls = () => list(caller, anything).iceServers.map((server) => server.urls);
    expect(urls()).toEqual([["stun:s2"], ["turn:eu2", "turn:eu1"]]);
    up.clear();
    expect(urls()).toEqual([["stun:s1"], ["stun:s2"], ["turn:eu2", "turn:eu3", "turn:eu1"]]);
  });
});
