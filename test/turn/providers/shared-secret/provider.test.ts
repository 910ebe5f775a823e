import { createHmac, createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseIceUrl } from "../../../../src/ice/ice-url.js";
import type { Holder } from "../../../../src/turn/holder.js";
import type { SharedSecretSettings } from "../../../../src/turn/providers/shared-secret/provider.js";
import { createSharedSecret } from "../../ice-servers.js";

const urls = ["turn:a.example", "turns:a.example:443"];
const expiry = 1_748_390_400;
const alice: Holder = { kind: "jwt", issuer: "https://issuer.test", subject: "alice" };
const bob: Holder = { kind: "connector", issuer: "", subject: "bob" };
const pseudonymKey = createSecretKey("west", "utf8");
const usernameOf = (
  settings: Partial<SharedSecretSettings> & { secret?: string },
  holder = alice,
) => createSharedSecret(urls, settings).issue(holder, expiry).entries[0].username;

describe("SharedSecretProvider", () => {
  it("gives one entry for all URLs, signed with the first secret", () => {
    const provider = createSharedSecret(urls);
    const username = `${expiry}:gateway`;
    expect(provider.issue(alice, expiry)).toEqual({
      entries: [
        {
          urls: provider.urls,
          username,
          credential: createHmac("sha1", "north").update(username).digest("base64"),
        },
      ],
      expiresAtSeconds: expiry,
    });
  });

  it("gives the same object for the same credential, also to two who ask in turn", () => {
    const provider = createSharedSecret(urls, { identity: "subject" });
    const [first, other] = [provider.issue(alice, expiry), provider.issue(bob, expiry)];
    expect(provider.issue({ ...alice }, expiry)).toBe(first);
    expect(provider.issue(bob, expiry)).toBe(other);
    expect(provider.issue(alice, expiry + 1)).not.toBe(first);
  });

  it("keeps pseudonyms when the secret changes, if they have a key of their own", () => {
    const identity = "pseudonym";
    const before = usernameOf({ identity, pseudonymKey });
    expect(usernameOf({ identity, pseudonymKey, secret: "south" })).toBe(before);
    expect(usernameOf({ identity, secret: "south" })).not.toBe(usernameOf({ identity }));
  });

  it("has a probe account for each secret, with the name that holders share", () => {
    const secrets = ["north", "south"].map((text) => ({
      name: `${text}.secret`,
      key: createSecretKey(text, "utf8"),
    }));
    const [first, ...rest] = secrets;
    if (first === undefined) {
      throw new TypeError("there are secrets");
    }
    const shared = createSharedSecret(urls, { secrets: [first, ...rest] }).probeAccounts;
    expect(shared.map(({ label, sharedName }) => [label, sharedName])).toEqual([
      ["north.secret", "gateway"],
      ["south.secret", "gateway"],
    ]);
    expect(
      shared.map((account) => account.issue("probe", expiry, parseIceUrl("turn:a.example"))),
    ).toEqual(
      ["north", "south"].map((text) => ({
        username: `${expiry}:probe`,
        credential: createHmac("sha1", text).update(`${expiry}:probe`).digest("base64"),
      })),
    );
    const [own] = createSharedSecret(urls, { identity: "subject" }).probeAccounts;
    expect(own).not.toHaveProperty("sharedName");
  });
});

describe("the version of a SharedSecretProvider", () => {
  const identity = "pseudonym";
  const versionOf = (settings: Parameters<typeof createSharedSecret>[1], ownUrls = urls) =>
    createSharedSecret(ownUrls, settings).version;

  it("is the same for equal settings, and for those that change no credential", () => {
    expect(versionOf({})).toBe(versionOf({}));
    expect(versionOf({ pseudonymKey })).toBe(versionOf({}));
    expect(versionOf({ identity, name: "other" })).toBe(versionOf({ identity }));
  });

  it.each([
    ["the secret", versionOf({}), versionOf({ secret: "south" })],
    ["the URLs", versionOf({}), versionOf({}, urls.toReversed())],
    ["the name", versionOf({}), versionOf({ name: "other" })],
    ["the identity", versionOf({}), versionOf({ identity })],
    ["a key for pseudonyms", versionOf({ identity }), versionOf({ identity, pseudonymKey })],
    [
      "another key for pseudonyms",
      versionOf({ identity, pseudonymKey }),
      versionOf({ identity, pseudonymKey: createSecretKey("east", "utf8") }),
    ],
  ])("changes with %s", (_, before, after) => {
    expect(after).not.toBe(before);
  });
});
