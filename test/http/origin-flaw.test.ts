import { describe, expect, it } from "vitest";
import { findOriginFlaw } from "../../src/http/origin-flaw.js";

describe("findOriginFlaw", () => {
  it.each([
    "https://app.example.com",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "http://[::1]:8080",
    "https://xn--bcher-kva.example",
    "https://example.com.",
    "https://any-label.example.com",
    // ionic-team/capacitor#1041, appwrite/appwrite#13514
    "capacitor://localhost",
    "capacitor://app.example.com",
    "ionic://localhost",
    // youssofal/MTPLX#473, koala73/worldmonitor#262
    "tauri://localhost",
    "http://tauri.localhost",
    // hasura/graphql-engine#6345
    "chrome-extension://mdplmiioglkpgkgblfdilgebpppgdlmx",
    "moz-extension://6f2e4c1a-0000-4000-8000-123456789abc",
    "app://localhost:8080",
    // nklayman/vue-cli-plugin-electron-builder: what it has Electron load is app://./index.html
    "app://.",
    // cyu/rack-cors#30
    "https://*.example.com",
    "http://*.localhost:3000",
    "https://*.any-label.example.com:8443",
  ])("has nothing against %s", (written) => {
    expect(findOriginFlaw(written)).toBeUndefined();
  });

  // What a browser sends instead is what to write.
  it.each<[source: string, written: string, spelled: string]>([
    ["ktorio/ktor#4163", "https://a.example/", "https://a.example"],
    ["a path", "https://a.example/app", "https://a.example"],
    ["a query", "https://a.example?x", "https://a.example"],
    ["a fragment", "https://a.example#x", "https://a.example"],
    ["modelcontextprotocol/rust-sdk#1268", "https://a.example:443", "https://a.example"],
    ["helidon-io/helidon#12511", "http://a.example:80", "http://a.example"],
    ["upper case", "https://A.example", "https://a.example"],
    ["upper case", "HTTPS://a.example", "https://a.example"],
    ["upper case", "capacitor://LocalHost", "capacitor://localhost"],
    ["a path", "capacitor://localhost/", "capacitor://localhost"],
    ["a port that is none", "tauri://localhost:", "tauri://localhost"],
    ["white space", " https://a.example", "https://a.example"],
    ["beyond ASCII", "https://b\u00fccher.example", "https://xn--bcher-kva.example"],
    ["IPv6 in full", "http://[0:0:0:0:0:0:0:1]:80", "http://[::1]"],
    ["IPv4 in short", "http://127.1:3000", "http://127.0.0.1:3000"],
    ["a port with zeros", "http://a.example:08080", "http://a.example:8080"],
    ["a pattern with a path", "https://*.example.com/", "https://*.example.com"],
    ["a pattern with the default port", "https://*.example.com:443", "https://*.example.com"],
    ["a pattern in upper case", "HTTPS://*.Example.com", "https://*.example.com"],
  ])("says how browsers write it, with %s: %s", (_, written, spelled) => {
    expect(findOriginFlaw(written)).toEqual({
      problem: expect.stringContaining(`can never match: browsers send ${spelled}`),
      fix: `Write ${spelled}`,
    });
  });

  it.each<[what: string, written: string, problem: RegExp]>([
    ["null", "null", /sandboxed frame/],
    // mailcow/mailcow-dockerized#7346
    ["a host alone", "app.example.com", /has no scheme/],
    ["a host with a port", "localhost:3000", /has no scheme/],
    ["nothing", "", /has no scheme/],
    ["text", "any", /has no scheme/],
    ["a pattern without scheme", "*.example.com", /has no scheme/],
    ["no host", "https://", /is not an origin/],
    // ionic-team/capacitor#6936: some versions send it, but it names no app.
    ["no host", "app://", /is not an origin/],
    ["a local file", "file://", /no page has such an origin/],
    ["a WebSocket", "wss://a.example", /no page has such an origin/],
    ["a port out of range", "https://a.example:99999", /is not an origin/],
    ["a port that is no number", "https://a.example:x", /is not an origin/],
    ["a space", "https://a .example", /is not an origin/],
    ["an empty label", "https://.example.com", /is not an origin/],
    ["two origins", "https://a.example https://b.example", /is not an origin/],
    ["a user", "https://user:hunter2@a.example", /^has a user name or password before the host$/],
    ["a user of a pattern", "https://user@*.example.com", /^has a user name/],
    ["a pattern in the middle", "https://a.*.example.com", /first label/],
    ["a part of a label", "https://a*.example.com", /first label/],
    ["two labels", "https://*.*.example.com", /first label/],
    ["any host", "https://*", /first label/],
    ["any port", "http://localhost:*", /first label/],
    ["any scheme", "*://a.example", /has no scheme/],
    ["any extension", "chrome-extension://*", /first label/],
    ["a pattern without a dot", "https://*example.com", /first label/],
    ["a pattern of an address", "https://*.127.0.0.1", /is not an origin/],
    ["a pattern of an IPv6 address", "https://*.[::1]", /is not an origin/],
    ["a pattern without a domain", "https://*.", /first label/],
  ])("rejects %s: %j", (_, written, problem) => {
    expect(findOriginFlaw(written)).toEqual({
      problem: expect.stringMatching(problem),
      fix: expect.stringMatching(/^(Write|Remove|Serve) /),
    });
  });

  it("repeats no more of it than fits on a line", () => {
    const flaw = findOriginFlaw(`no scheme${"\n".repeat(10_000)}`);
    expect(flaw?.problem.length).toBeLessThan(150);
    expect(flaw?.problem).not.toContain("\n");
  });
});
