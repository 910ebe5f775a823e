import { describe, expect, it } from "vitest";
import { toLinkHeaders, toTurnUri } from "../../../clients/typescript/src/formats.js";

const turn = {
  urls: ["turn:turn.example.com:3478?transport=udp", "turns:turn.example.com:443?transport=tcp"],
  username: "1748390400:webrtc-gateway",
  credential: "9zTyyX25Poj85Sz3pqWpCdHwsHE=",
};

describe("toLinkHeaders", () => {
  it("makes one value for each URL, as RFC 9725 section 4.6 shows", () => {
    expect(toLinkHeaders([{ urls: ["stun:stun.example.net"] }, turn])).toEqual([
      '<stun:stun.example.net>; rel="ice-server"',
      ...turn.urls.map(
        (url) =>
          `<${url}>; rel="ice-server"; username="1748390400:webrtc-gateway"; ` +
          'credential="9zTyyX25Poj85Sz3pqWpCdHwsHE="; credential-type="password"',
      ),
    ]);
  });

  it("escapes quotes and backslashes", () => {
    const server = { urls: ["turn:a"], username: 'a"b\\c', credential: '"' };
    expect(toLinkHeaders([server])).toEqual([
      '<turn:a>; rel="ice-server"; username="a\\"b\\\\c"; credential="\\""; credential-type="password"',
    ]);
  });
});

describe("toTurnUri", () => {
  it.each([
    [turn.urls[0], "turn", "turn.example.com:3478?transport=udp"],
    [turn.urls[1], "turns", "turn.example.com:443?transport=tcp"],
    ["turn:[2001:db8::1]:3478", "turn", "[2001:db8::1]:3478"],
  ])("puts the credential into %s", (url = "", scheme, rest) => {
    expect(toTurnUri(turn, url)).toBe(
      `${scheme}://1748390400%3Awebrtc-gateway:9zTyyX25Poj85Sz3pqWpCdHwsHE%3D@${rest}`,
    );
  });

  it("encodes everything that is not unreserved", () => {
    const server = { urls: ["turn:a"], username: "a/b?c#d@e!'()*~-._", credential: "+/=" };
    expect(toTurnUri(server, "turn:a")).toBe(
      "turn://a%2Fb%3Fc%23d%40e%21%27%28%29%2A~-._:%2B%2F%3D@a",
    );
  });

  it.each([
    ["a STUN URL", turn, "stun:stun.example.net"],
    ["a server without a credential", { urls: ["turn:a"] }, "turn:a"],
  ])("refuses %s", (_, server, url) => {
    expect(() => toTurnUri(server, url)).toThrow(TypeError);
  });
});
