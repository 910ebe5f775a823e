import { describe, expect, it } from "vitest";
import { toLinkHeaders, toTurnRest, toTurnUris } from "../../src/ice/ice-server-forms.js";

const stun = { urls: ["stun:stun.example.com"] };
const turn = {
  urls: ["turn:[2001:db8::7]:3478", "turns:turn.example.com?transport=tcp"],
  username: "1748390400:f9a36fec.a/b c",
  credential: "a+b/c=",
};
const managed = { urls: ["turn:other.example.com"], username: 'a"b', credential: "c\\d" };

describe("toTurnRest", () => {
  it("has the first entry with a credential", () => {
    expect(toTurnRest([stun, turn, managed], 60)).toEqual({
      username: turn.username,
      password: turn.credential,
      ttl: 60,
      uris: turn.urls,
    });
  });

  it("is nothing without TURN", () => {
    expect(toTurnRest([stun], 0)).toBeUndefined();
  });
});

describe("toTurnUris", () => {
  it("percent-encodes credentials, and leaves the rest of each URL", () => {
    const userinfo = "1748390400%3Af9a36fec.a%2Fb%20c:a%2Bb%2Fc%3D";
    expect(toTurnUris([stun, turn, managed])).toEqual([
      `turn://${userinfo}@[2001:db8::7]:3478`,
      `turns://${userinfo}@turn.example.com?transport=tcp`,
      "turn://a%22b:c%5Cd@other.example.com",
    ]);
  });

  it("makes what a URL parser takes apart into the same", () => {
    const [uri = ""] = toTurnUris([turn]);
    const { username, password } = new URL(uri);
    expect([username, password].map(decodeURIComponent)).toEqual([turn.username, turn.credential]);
  });
});

describe("toLinkHeaders", () => {
  it("has one value for each URL", () => {
    const credential = `username="${turn.username}"; credential="a+b/c="; credential-type="password"`;
    expect(toLinkHeaders([stun, turn])).toEqual([
      '<stun:stun.example.com>; rel="ice-server"',
      `<turn:[2001:db8::7]:3478>; rel="ice-server"; ${credential}`,
      `<turns:turn.example.com?transport=tcp>; rel="ice-server"; ${credential}`,
    ]);
  });

  it("escapes what would end a quoted string", () => {
    expect(toLinkHeaders([managed])[0]).toContain('username="a\\"b"; credential="c\\\\d"');
  });
});
