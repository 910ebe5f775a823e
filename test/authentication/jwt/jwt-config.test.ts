import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { describeConfig, loadConfig } from "../../../src/service-config.js";
import { problemsOf } from "../../config-problems.js";
import { MemoryFiles } from "../../parts/memory-files.js";

const issuer = { issuer: "https://login.example.com/", audience: "ice" };
const key = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37) % 256));

const ice = { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } };
const turnSecret = { "turn.secret": "north-north-north-north" };

function load(jwt: readonly object[], secret: string | Uint8Array = "s".repeat(64)) {
  const files = { "ice.yaml": stringify({ auth: { jwt }, ice }), "jwt.secret": secret };
  return loadConfig({
    file: "/etc/ice.yaml",
    env: {},
    files: new MemoryFiles({ ...files, ...turnSecret }),
  });
}
const findProblems = (...parameters: Parameters<typeof load>) =>
  problemsOf(() => load(...parameters)).map(
    ({ key, problem, fix }) => `${key}: ${problem}. ${fix}`,
  );

describe("entries of auth.jwt that share an issuer", () => {
  it.each<[what: string, one: object, other: object]>([
    // supabase/cli#4726: a project signs with its old secret and with its new key for a while.
    ["a secret and a JWKS", { secretFile: "jwt.secret" }, { jwksFile: "keys.json" }],
    [
      "two JWKS",
      { jwksFile: "keys.json", algorithms: ["RS256", "PS256"] },
      { jwksUrl: "https://login.example.com/keys", algorithms: ["ES256", "EdDSA"] },
    ],
  ])("are accepted with %s whose algorithms differ", (_, one, other) => {
    expect(
      findProblems([
        { ...issuer, ...one },
        { ...issuer, ...other },
      ]),
    ).toEqual([]);
  });

  it.each<[what: string, one: readonly string[], other: readonly string[], shared: string]>([
    ["one algorithm in common", ["RS256", "ES256"], ["ES256", "PS256"], "ES256"],
    ["all in common", ["RS256", "ES256"], ["ES256", "RS256"], "ES256, RS256"],
    ["EdDSA by both of its names", ["EdDSA"], ["Ed25519"], "EdDSA"],
    ["EdDSA by its new name", ["Ed25519"], ["Ed25519", "ES256"], "EdDSA"],
  ])("are refused with %s", (_, one, other, shared) => {
    const entries = [one, other].map((algorithms) => ({
      ...issuer,
      algorithms,
      jwksFile: "keys.json",
    }));
    expect(findProblems(entries)).toEqual([
      expect.stringMatching(
        `^auth\\.jwt\\[1\\]\\.algorithms: contains ${shared}, like auth\\.jwt\\[0\\].*same issuer`,
      ),
    ]);
  });

  it("are refused where both leave the default", () => {
    const entries = [
      { ...issuer, jwksFile: "a" },
      { ...issuer, issuer: "https://other.example.com/", jwksFile: "b" },
      { ...issuer, publicKeyFile: "c" },
    ];
    expect(findProblems(entries)).toEqual([expect.stringMatching(/^auth\.jwt\[2\].*jwt\[0\]/)]);
  });
});

describe("allowInsecureUrl", () => {
  // quarkusio/quarkus#16294: an issuer that is reached by its name inside of a cluster.
  const jwksUrl = "http://keycloak:8080/realms/ice/protocol/openid-connect/certs";

  it("accepts an http: URL, with a warning that names key and origin", () => {
    const { warnings } = load([{ ...issuer, jwksUrl, allowInsecureUrl: true }]);
    expect(warnings).toEqual([
      expect.stringMatching(/^auth\.jwt\[0\]\.jwksUrl .*http:\/\/keycloak:8080 .*sign tokens/),
    ]);
  });

  it.each<[what: string, entry: object, warnings: number]>([
    ["an https: URL", { jwksUrl: "https://login.example.com/keys", allowInsecureUrl: true }, 0],
    ["a URL on loopback", { jwksUrl: "http://127.0.0.1:8080/keys" }, 0],
    ["another address of loopback", { jwksUrl: "http://127.8.0.2/keys" }, 0],
  ])("is not needed for %s, which has no warning", (_, entry, count) => {
    expect(load([{ ...issuer, ...entry }]).warnings).toHaveLength(count);
  });

  it.each<[what: string, entry: object, problem: RegExp]>([
    ["without it", { jwksUrl }, /jwksUrl: is not an https: URL\..* allowInsecureUrl: true/],
    ["with false", { jwksUrl, allowInsecureUrl: false }, /allowInsecureUrl: true/],
    ["for another scheme", { jwksUrl: "ftp://a/b", allowInsecureUrl: true }, /Use https:;/],
    ["as a word", { jwksUrl, allowInsecureUrl: "yes" }, /allowInsecureUrl: /],
  ])("is required: refuses the URL %s", (_, entry, problem) => {
    expect(findProblems([{ ...issuer, ...entry }])).toEqual([expect.stringMatching(problem)]);
  });
});

describe("secretEncoding", () => {
  // jwtk/jjwt#248: many libraries take the text of a key for base64.
  it.each<[encoding: string, written: string, bytes: Buffer]>([
    ["utf8", "s".repeat(32), Buffer.from("s".repeat(32))],
    ["base64", key.toString("base64"), key],
    ["base64", `${key.toString("base64")}\n`, key],
    ["base64", key.toString("base64").replaceAll("=", ""), key],
    ["base64url", key.toString("base64url"), key],
    ["base64url", `${key.toString("base64url")}==\r\n`, key],
    ["hex", key.toString("hex"), key],
    ["hex", key.toString("hex").toUpperCase(), key],
  ])("%s reads %j", (secretEncoding, written, bytes) => {
    const { config, warnings } = load(
      [{ ...issuer, secretFile: "jwt.secret", secretEncoding }],
      written,
    );
    const keys = config.auth.jwt[0]?.keys;
    expect(keys?.kind === "secret" && keys.secret.export()).toEqual(bytes);
    expect(warnings).toEqual([]);
  });

  it.each<[what: string, encoding: string, written: string, problem: RegExp]>([
    ["base64url as base64", "base64", key.toString("base64url"), /is not base64 .*base64url/],
    ["base64 as base64url", "base64url", key.toString("base64"), /is not base64url/],
    ["base64 as hex", "hex", key.toString("base64"), /is not hex/],
    ["half a byte", "hex", `${key.toString("hex")}0`, /is not hex/],
    ["base64 cut off", "base64", `${"A".repeat(64)}A`, /is not base64/],
    ["base64 with padding amid", "base64", `${"A".repeat(62)}==AAAA`, /is not base64/],
    // As `openssl rand -base64 64` prints it.
    [
      "base64 on two lines",
      "base64",
      `${"A".repeat(64)}\n${"A".repeat(22)}==\n`,
      /one line|line break|control/,
    ],
    ["a key of 31 bytes", "hex", key.subarray(0, 31).toString("hex"), /31 bytes in hex.*RFC 7518/],
    ["a key of 24 bytes", "base64", "A".repeat(32), /24 bytes in base64.*RFC 7518/],
    ["an unknown encoding", "base32", "A".repeat(64), /secretEncoding: .*base32/],
  ])("refuses %s", (_, secretEncoding, written, problem) => {
    const entry = { ...issuer, secretFile: "jwt.secret", secretEncoding };
    expect(findProblems([entry], written)).toEqual([expect.stringMatching(problem)]);
  });

  it("is what to use for random bytes, which are no text", () => {
    const random = Buffer.concat([randomBytes(32), Buffer.from([0xff])]);
    expect(findProblems([{ ...issuer, secretFile: "jwt.secret" }], random)).toEqual([
      expect.stringMatching(/^auth\.jwt\[0\]\.secretFile: .*not UTF-8.*secretEncoding: base64/),
    ]);
  });

  it("warns of a key that is shorter than the hash", () => {
    const entry = { ...issuer, secretFile: "jwt.secret", secretEncoding: "hex" };
    const { warnings } = load([{ ...entry, algorithms: ["HS512"] }], key.toString("hex").slice(2));
    expect(warnings).toEqual([expect.stringMatching(/63 bytes in hex.*64/)]);
  });

  it("is refused without secretFile", () => {
    expect(findProblems([{ ...issuer, jwksFile: "a", secretEncoding: "hex" }])).toEqual([
      expect.stringMatching(/^auth\.jwt\[0\]\.secretEncoding: /),
    ]);
  });
});

describe("caFile", () => {
  it.each([
    ["that is missing", "absent.pem", /ENOENT/],
    ["without a certificate", "jwt.secret", /has no certificate/],
  ])("is refused %s", (_, caFile, problem) => {
    const jwksUrl = "https://login.example.com/keys";
    expect(findProblems([{ ...issuer, jwksUrl, caFile }])).toEqual([
      expect.stringMatching(/^auth\.jwt\[0\]\.caFile: /),
    ]);
    expect(findProblems([{ ...issuer, jwksUrl, caFile }])[0]).toMatch(problem);
  });
});

describe("config check", () => {
  it("prints what can be loaded again", () => {
    const jwt = [
      { ...issuer, jwksFile: "keys.json", algorithms: ["Ed25519"], audienceClaim: "client_id" },
      { ...issuer, secretFile: "jwt.secret", secretEncoding: "hex" },
    ];
    const secret = key.toString("hex");
    const described = describeConfig(load(jwt, secret).config);
    expect(described).toMatchObject({
      auth: {
        jwt: [
          { algorithms: ["EdDSA"], audienceClaim: "client_id", allowInsecureUrl: false },
          { secretFile: "/etc/jwt.secret", secretEncoding: "hex" },
        ],
      },
    });
    const files = new MemoryFiles({
      "again.yaml": stringify(described),
      "jwt.secret": secret,
      ...turnSecret,
    });
    const again = loadConfig({ file: "/etc/again.yaml", env: {}, files });
    expect(describeConfig(again.config)).toEqual(described);
  });
});
