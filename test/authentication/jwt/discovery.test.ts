import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nameConfigurationUrl } from "../../../src/authentication/jwt/discovery.js";
import {
  fetchKeySetText,
  type KeySetLocation,
} from "../../../src/authentication/jwt/jwks-fetch.js";
import { createOutgoingHttp } from "../../../src/outgoing/outgoing-http.js";
import { type JwksServer, startJwksServer } from "../../parts/jwks-server.js";
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from "../../parts/temporary-directory.js";

const configurationUrls: [issuer: string, url: string | undefined][] = [
  ["https://idp.test", "https://idp.test/.well-known/openid-configuration"],
  ["https://idp.test/", "https://idp.test/.well-known/openid-configuration"],
  ["https://idp.test//", "https://idp.test//.well-known/openid-configuration"],
  ["https://idp.test/realms/a", "https://idp.test/realms/a/.well-known/openid-configuration"],
  ["https://idp.test/realms/a/", "https://idp.test/realms/a/.well-known/openid-configuration"],
  ["https://idp.test?a=b", undefined],
  ["https://idp.test#a", undefined],
  ["idp.test", undefined],
];

describe("nameConfigurationUrl", () => {
  it.each(configurationUrls)("finds for %s %s", (issuer, url) => {
    expect(nameConfigurationUrl(issuer)).toBe(url);
  });
});

let server: JwksServer;
let directory: TemporaryDirectory;
/** Path and Authorization of each request. */
let requests: string[];
/** What each path is answered with: a body, or the target of a redirect. */
let answers: Record<string, unknown>;

beforeEach(async () => {
  directory = await createTemporaryDirectory("discovery");
  requests = [];
  server = await startJwksServer((request, response) => {
    const { url = "", headers } = request;
    requests.push(`${url} ${headers.authorization ?? "-"}`);
    const answer = answers[url];
    if (typeof answer === "string" && answer.startsWith("/")) {
      response.writeHead(302, { Location: answer }).end();
    } else {
      response.writeHead(answer === undefined ? 404 : 200);
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
    }
  });
  answers = {
    "/.well-known/openid-configuration": { issuer: issuer(), jwks_uri: `${issuer()}/keys` },
    "/keys": { keys: [] },
  };
});
afterEach(() => Promise.all([server.close(), directory.remove()]));

const issuer = () => server.url.origin;
const configuration = (changes: object) => ({
  issuer: issuer(),
  jwks_uri: `${issuer()}/keys`,
  ...changes,
});

/** The text, or why there is none. */
function fetchText(changes: Partial<KeySetLocation> = {}): Promise<string> {
  const location = {
    url: new URL(`${issuer()}/.well-known/openid-configuration`),
    discoveredIssuer: issuer(),
    allowInsecureUrl: false,
    ...changes,
  };
  const closed = new AbortController().signal;
  return fetchKeySetText(createOutgoingHttp({}), location, 60_000, closed).catch(
    (error) => `${error.name}: ${error.message}`,
  );
}

const problems: [what: string, change: () => Record<string, unknown>, problem: RegExp][] = [
  ["is not there", () => ({ configuration: undefined }), /: HTTP status 404$/],
  ["is a redirect", () => ({ configuration: "/other" }), /: HTTP status 302, a redirect/],
  ["is not JSON", () => ({ configuration: "<html>" }), /: the OpenID configuration is not JSON$/],
  ["is null", () => ({ configuration: null }), /has no issuer or no jwks_uri$/],
  ["has no issuer", () => ({ configuration: { jwks_uri: "x" } }), /has no issuer or no jwks_uri$/],
  ["has no jwks_uri", () => ({ configuration: { issuer: issuer() } }), /has no issuer or no jwks/],
  [
    "is of an issuer with a slash more",
    () => ({ configuration: configuration({ issuer: `${issuer()}/` }) }),
    /is of the issuer "http:\/\/127\.0\.0\.1:\d+\/", not of "http:\/\/127\.0\.0\.1:\d+"$/,
  ],
  [
    "has no URL",
    () => ({ configuration: configuration({ jwks_uri: "/keys" }) }),
    /: jwks_uri is not a URL$/,
  ],
  [
    "names keys in the clear",
    () => ({ configuration: configuration({ jwks_uri: "http://idp.test/keys?x" }) }),
    /: jwks_uri is at http:\/\/idp\.test, where no key set is fetched from$/,
  ],
  [
    "names a file",
    () => ({ configuration: configuration({ jwks_uri: "file:///etc/passwd" }) }),
    /: jwks_uri is at file:\/\/, where no key set is fetched from$/,
  ],
  [
    "names keys with a password",
    () => ({ configuration: configuration({ jwks_uri: "https://a:hidden@idp.test/" }) }),
    /: jwks_uri is at https:\/\/idp\.test, where/,
  ],
  [
    "names keys that are not there",
    () => ({ keys: undefined }),
    /: jwks_uri http:\/\/127\.0\.0\.1:\d+\/keys: HTTP status 404$/,
  ],
  ["names keys behind a redirect", () => ({ keys: "/other" }), /\/keys: HTTP status 302/],
];

describe("fetchKeySetText", () => {
  it("reads the configuration, then the key set that it names, each time", async () => {
    expect(await fetchText()).toBe('{"keys":[]}');
    answers["/new"] = { keys: [1] };
    answers["/.well-known/openid-configuration"] = configuration({ jwks_uri: `${issuer()}/new` });
    expect(await fetchText()).toBe('{"keys":[1]}');
    expect(requests).toEqual([
      "/.well-known/openid-configuration -",
      "/keys -",
      "/.well-known/openid-configuration -",
      "/new -",
    ]);
  });

  it.each(problems)("fails when the configuration %s", async (_, change, problem) => {
    const { configuration: changed, keys } = {
      configuration: configuration({}),
      keys: {},
      ...change(),
    };
    answers = { "/.well-known/openid-configuration": changed, "/keys": keys };
    expect(await fetchText()).toMatch(problem);
    expect(await fetchText()).toMatch(/^KeySetError: /);
  });

  it("takes keys in the clear where that is allowed", async () => {
    answers["/.well-known/openid-configuration"] = configuration({
      jwks_uri: "http://name.invalid/keys",
    });
    expect(await fetchText({ allowInsecureUrl: true })).toMatch(
      /jwks_uri http:\/\/name\.invalid\/keys: (ENOTFOUND|EAI_AGAIN)$/,
    );
  });

  it("sends the token of a file, as it is at that moment", async () => {
    const fetchTokenFile = await directory.write("token", "first\n");
    await fetchText({ fetchTokenFile });
    await directory.write("token", "second");
    await fetchText({ fetchTokenFile });
    expect(requests).toEqual([
      "/.well-known/openid-configuration Bearer first",
      "/keys Bearer first",
      "/.well-known/openid-configuration Bearer second",
      "/keys Bearer second",
    ]);
  });

  it("sends no token that cannot be sent, and does not repeat it", async () => {
    const fetchTokenFile = await directory.write("token", "hidden\n\ntoken");
    expect(await fetchText({ fetchTokenFile })).toBe(
      "KeySetError: fetchTokenFile contains no token that can be sent",
    );
    expect(await fetchText({ fetchTokenFile: `${fetchTokenFile}.gone` })).toBe(
      "KeySetError: fetchTokenFile cannot be read (ENOENT)",
    );
    expect(await fetchText({ caFile: directory.path })).toMatch(
      /^KeySetError: caFile is not a file/,
    );
    expect(requests).toEqual([]);
  });
});
