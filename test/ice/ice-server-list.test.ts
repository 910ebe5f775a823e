import { createHmac, createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { InvalidFieldError } from "../../src/errors.js";
import {
  CallerExpiredError,
  createIceServerLister,
  type TurnSettings,
} from "../../src/ice/ice-server-list.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";

const nowSeconds = 1_748_390_400;
const clock = () => nowSeconds * 1000 + 999;
const secret = createSecretKey("north", "utf8");
const stunUrls = ["stun:a.example", "stun:b.example"].map(parseIceUrl);
const turn: TurnSettings = {
  urls: ["turn:c.example", "turns:c.example:443"].map(parseIceUrl),
  secret,
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
    expect(() => lifeOf(nowSeconds)).toThrow(CallerExpiredError);
  });
});
