import { createSecretKey } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../../src/authentication/caller.js";
import type { IntrospectionConfig } from "../../../src/authentication/introspection/introspection-config.js";
import { listTokenKinds } from "../../../src/authentication/token-kinds.js";
import {
  TokenRejectedError,
  VerificationUnavailableError,
} from "../../../src/authentication/token-rejected-error.js";
import { type TokenVerifier, UnknownToken } from "../../../src/authentication/token-verifier.js";
import { TokenVerifiers } from "../../../src/authentication/token-verifiers.js";
import { systemTimer } from "../../../src/clock.js";
import { DiskFiles } from "../../../src/files/disk-files.js";
import { createOutgoingHttp } from "../../../src/outgoing/outgoing-http.js";
import {
  type AnswerIntrospection,
  type IntrospectionServer,
  say,
  startIntrospectionServer,
} from "../../parts/introspection-server.js";
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from "../../parts/temporary-directory.js";
import { encode, issuer, startSeconds } from "../signing-key.js";
import { authWith, createMovableClock, createRecordingLog } from "../verifier-setup.js";

const good = { active: true, aud: "ice", sub: "alice", exp: startSeconds + 600 };
const secret = "s e+c:rét";

let directory: TemporaryDirectory;
let server: IntrospectionServer;
let movable: ReturnType<typeof createMovableClock>;
let recording: ReturnType<typeof createRecordingLog>;
let verifiers: TokenVerifiers;

beforeEach(async () => {
  directory = await createTemporaryDirectory("introspection");
  server = await startIntrospectionServer(say(good));
  movable = createMovableClock();
  recording = createRecordingLog();
  verifiers = new TokenVerifiers(listTokenKinds(), {
    clock: movable.clock,
    monotonicClock: movable.clock,
    startTimer: systemTimer,
    log: recording.log,
    outgoing: createOutgoingHttp({}),
    onChange() {},
  });
});
afterEach(async () => {
  verifiers.keep();
  await Promise.all([server.close(), directory.remove()]);
});

function open(changes: Partial<IntrospectionConfig> = {}, auth = authWith()): TokenVerifier {
  const introspection: IntrospectionConfig = {
    url: server.url,
    clientId: "ice:service/1",
    clientSecretFile: { name: "secret", key: createSecretKey(secret, "utf8") },
    audience: ["ice", "turn"],
    cacheForSeconds: 60,
    ...changes,
  };
  return verifiers.open({ ...auth, introspection }, new DiskFiles());
}

/** The caller; or why there is none. */
async function verify(verifier: TokenVerifier, token = "opaque"): Promise<Caller | string> {
  try {
    return await verifier.verify(token);
  } catch (error) {
    if (error instanceof TokenRejectedError || error instanceof VerificationUnavailableError) {
      return `${error.name}: ${error.reason}`;
    }
    throw error;
  }
}
const rejected = (reason: string) => `TokenRejectedError: ${reason}`;
const unavailable = (reason = "introspection_unavailable") =>
  `VerificationUnavailableError: ${reason}`;
const refused = rejected("introspection_refresh_token");

const responses: [what: string, response: object, outcome: string | Partial<Caller>][] = [
  ["an audience of ours", good, { kind: "introspection", subject: "alice" }],
  ["several audiences", { ...good, aud: ["other", "turn"] }, { subject: "alice" }],
  ["another audience", { ...good, aud: "other" }, rejected("introspection_audience")],
  ["an empty list of audiences", { ...good, aud: [] }, rejected("introspection_audience")],
  ["an audience as an object", { ...good, aud: { ice: 1 } }, rejected("introspection_claim")],
  ["a number among audiences", { ...good, aud: ["ice", 1] }, rejected("introspection_claim")],
  ["token_use refresh_token", { ...good, token_use: "refresh_token" }, refused],
  ["token_use Refresh_Token", { ...good, token_use: "Refresh_Token" }, refused],
  ["token_type refresh_token", { ...good, token_type: "refresh_token" }, refused],
  ["token_type Refresh", { ...good, token_type: "Refresh", token_use: null }, refused],
  ["another type", { ...good, token_type: "Bearer", token_use: "access" }, { subject: "alice" }],
  ["types as numbers", { ...good, token_type: 1, token_use: 2 }, { subject: "alice" }],
  ["no audience", { ...good, aud: undefined }, rejected("introspection_audience")],
  ["no token", { active: false }, rejected("inactive")],
  ["members of an inactive token", { ...good, active: false }, rejected("inactive")],
  ["an exp that has passed", { ...good, exp: startSeconds }, rejected("inactive")],
  ["an exp as text", { ...good, exp: "soon" }, rejected("introspection_claim")],
  ["no exp", { ...good, exp: undefined }, { subject: "alice" }],
  ["a null exp", { ...good, exp: null }, { subject: "alice" }],
  ["an nbf that is to come", { ...good, nbf: startSeconds + 31 }, rejected("inactive")],
  ["an nbf that is about to come", { ...good, nbf: startSeconds + 30 }, { subject: "alice" }],
  ["a client", { ...good, sub: undefined, client_id: "app" }, { subject: "client:app" }],
  ["a client beside a subject", { ...good, client_id: "app" }, { subject: "alice" }],
  ["a null subject", { ...good, sub: null, client_id: "app" }, { subject: "client:app" }],
  ["an empty subject", { ...good, sub: "", client_id: "app" }, { subject: "client:app" }],
  ["a number as subject", { ...good, sub: 17 }, { subject: "17" }],
  ["half a number as subject", { ...good, sub: 1.5 }, rejected("introspection_claim")],
  ["a list as subject", { ...good, sub: ["alice"] }, rejected("introspection_claim")],
  ["neither subject nor client", { ...good, sub: undefined }, { subject: "" }],
  ["an issuer", { ...good, iss: "https://as.test" }, { issuer: "https://as.test" }],
  ["an issuer as a number", { ...good, iss: 1 }, rejected("introspection_claim")],
  ["a jti as a list", { ...good, jti: [] }, rejected("introspection_claim")],
  ["members that nobody knows", { ...good, username: 1, cnf: null }, { subject: "alice" }],
];

const scoped: [what: string, response: object, outcome: string | Partial<Caller>][] = [
  ["the scope", { scope: "other ice:read" }, { subject: "alice" }],
  ["the scope in scp", { scp: ["ice:read"] }, { subject: "alice" }],
  ["a longer scope", { scope: "ice:read:all" }, rejected("introspection_scope")],
  ["no scope", {}, rejected("introspection_scope")],
  ["a null audience", { aud: null, scope: "ice:read" }, { subject: "alice" }],
  ["our audience without the scope", { aud: "ice" }, { subject: "alice" }],
  ["another audience", { aud: "other", scope: "ice:read" }, rejected("introspection_audience")],
];

const failures: [what: string, answer: AnswerIntrospection, problem: RegExp][] = [
  ["drops the connection", (_, response) => response.destroy(), /UND_ERR_SOCKET|ECONNRESET/],
  ["answers 401", say({ error: "invalid_client" }, 401), /^HTTP status 401$/],
  ["answers 400", say({ error: "invalid_request" }, 400), /^HTTP status 400$/],
  ["answers 500", say(good, 500), /^HTTP status 500$/],
  ["answers 204", (_, response) => response.writeHead(204).end(), /^HTTP status 204$/],
  ["answers HTML", say("<html>"), /^not JSON$/],
  ["answers a list", say([good]), /^no object with "active"/],
  ["answers without active", say({ sub: "alice" }), /^no object with "active"/],
  ["answers active as text", say({ ...good, active: "true" }), /^no object with "active"/],
  ["answers at length", say({ ...good, x: "x".repeat(65_536) }), /^larger than 65536 bytes$/],
  [
    "redirects",
    (_, response) => response.writeHead(302, { Location: "/elsewhere" }).end(),
    /^HTTP status 302, a redirect/,
  ],
];

describe("introspection", () => {
  it.each(responses)("judges a response with %s", async (_, response, outcome) => {
    server.serve(say(response));
    const found = await verify(open());
    expect(found).toEqual(typeof outcome === "string" ? outcome : expect.objectContaining(outcome));
  });

  it.each(scoped)("judges one with %s where a scope is required", async (_, response, outcome) => {
    server.serve(say({ ...good, aud: undefined, ...response }));
    const found = await verify(open({ requiredScope: "ice:read" }));
    expect(found).toEqual(typeof outcome === "string" ? outcome : expect.objectContaining(outcome));
  });

  it("asks with the token and the credentials of the service, each encoded", async () => {
    await verify(open(), "a+b/c=%&d");
    const basic = "ice%3Aservice%2F1:s+e%2Bc%3Ar%C3%A9t";
    expect(server.requests).toEqual([
      {
        method: "POST",
        authorization: `Basic ${Buffer.from(basic).toString("base64")}`,
        contentType: "application/x-www-form-urlencoded",
        token: "a+b/c=%&d",
        tokenTypeHint: "access_token",
      },
    ]);
  });

  it("takes the URL for the issuer, and the expiry for the end, of a caller", async () => {
    const exp = startSeconds + 600;
    expect(await verify(open())).toEqual({
      ...{ kind: "introspection", issuer: server.url.href, subject: "alice" },
      ...{ expiresAtSeconds: exp, endsAtSeconds: exp },
    });
  });

  it("says who may name users", async () => {
    server.serve(say({ ...good, scope: "ice:users" }));
    expect(await verify(open({ usersScope: "ice:users" }))).toMatchObject({
      usersRight: "granted",
    });
    server.serve(say({ ...good, scope: "none" }));
    expect(await verify(open({ usersScope: "ice:users" }), "other")).toMatchObject({
      usersRight: { missingScope: "ice:users" },
    });
  });

  it("asks about an active token again after the time to cache, and never past its expiry", async () => {
    const verifier = open();
    const caller = await verify(verifier);
    movable.moveSeconds(59);
    expect(verifier.recognize("opaque")).toBe(caller);
    movable.moveSeconds(1);
    expect(verifier.recognize("opaque")).toBeInstanceOf(UnknownToken);
    server.serve(say({ ...good, exp: startSeconds + 70 }));
    await verify(verifier);
    expect(server.requests).toHaveLength(2);
    movable.moveSeconds(9);
    expect(verifier.recognize("opaque")).not.toBeInstanceOf(UnknownToken);
    movable.moveSeconds(1);
    expect(verifier.recognize("opaque")).toBeInstanceOf(UnknownToken);
    expect(await verify(verifier)).toBe(rejected("inactive"));
    expect(server.requests).toHaveLength(3);
  });

  it("asks each time where nothing is to be cached, but once for calls at the same time", async () => {
    const verifier = open({ cacheForSeconds: 0 });
    await Promise.all([verify(verifier), verify(verifier), verify(verifier)]);
    expect(server.requests).toHaveLength(1);
    await verify(verifier);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ["inactive", { active: false }],
    ["expired", { ...good, exp: startSeconds }],
    ["odd", { ...good, aud: 1 }],
  ])("asks about a token that is %s again after 10 seconds", async (_, response) => {
    server.serve(say(response));
    const verifier = open();
    await verify(verifier);
    movable.moveSeconds(9);
    expect(await verify(verifier)).toMatch(/^TokenRejectedError/);
    expect(server.requests).toHaveLength(1);
    movable.moveSeconds(1);
    server.serve(say(good));
    expect(await verify(verifier)).toMatchObject({ subject: "alice" });
    expect(server.requests).toHaveLength(2);
  });

  it("remembers over a reload what it was told, and judges it by the new configuration", async () => {
    server.serve(say({ ...good, jti: 7 }));
    await verify(open());
    expect(await verify(open())).toMatchObject({ subject: "alice" });
    expect(await verify(open({ audience: ["other"] }))).toBe(rejected("introspection_audience"));
    const denyListFile = await directory.write("deny.yaml", 'deny: [{ jti: "7" }]');
    expect(await verify(open({}, authWith(undefined, { denyListFile })))).toBe(rejected("revoked"));
    expect(server.requests).toHaveLength(1);
    expect(await verify(open({ clientId: "another" }))).toMatchObject({ subject: "alice" });
    expect(server.requests).toHaveLength(2);
  });

  it("forgets an endpoint that is used no more", async () => {
    const verifier = open();
    await verify(verifier);
    verifiers.keep(verifier);
    await verify(open());
    expect(server.requests).toHaveLength(1);
    verifiers.keep({ sources: [] });
    await verify(open());
    expect(server.requests).toHaveLength(2);
  });

  it("answers calls that began before a reload, and ends them when the process stops", async () => {
    const answers: (() => void)[] = [];
    server.serve((request, response) => answers.push(() => say(good)(request, response)));
    const before = open();
    const first = verify(before, "first");
    const second = verify(before, "second");
    await expect.poll(() => answers).toHaveLength(2);
    verifiers.keep(open({ clientId: "another" }));
    answers[0]?.();
    expect(await first).toMatchObject({ subject: "alice" });
    verifiers.keep();
    expect(await second).toBe(unavailable());
    expect(recording.lines).toEqual([]);
  });

  it.each(failures)("cannot tell when the endpoint %s, and logs it", async (_, answer, problem) => {
    const verifier = open();
    server.serve(answer);
    expect(await verify(verifier)).toBe(unavailable());
    expect(await verify(verifier)).toBe(unavailable());
    expect(server.requests).toHaveLength(2);
    server.serve(say(good));
    expect(await verify(verifier)).toMatchObject({ subject: "alice" });
    expect(recording.lines).toEqual([
      {
        level: "warn",
        fields: { url: server.url.href, problem: expect.stringMatching(problem) },
        message: expect.stringContaining("503"),
      },
      {
        level: "info",
        fields: { url: server.url.href },
        message: expect.stringContaining("again"),
      },
    ]);
    const values = verifiers.describe().find(({ name }) => name.startsWith("ice_intro"))?.values;
    expect(values?.map(({ value }) => value)).toEqual([1, 2]);
  });

  it("is not asked about JWTs of issuers that are configured, nor about connector tokens", async () => {
    const keys = {
      kind: "secret",
      secret: createSecretKey(Buffer.alloc(32)),
      algorithms: ["HS256"],
    };
    const verifier = open({}, authWith({ ...keys, kind: "secret", algorithms: ["HS256"] }));
    const jwt = (iss: string) => `e30.${encode(JSON.stringify({ iss }))}.AAAA`;
    expect(await verify(verifier, jwt(issuer))).toMatch(/^TokenRejectedError/);
    expect(await verify(verifier, `ice_${"x".repeat(43)}`)).toBe(
      rejected("unknown_connector_token"),
    );
    expect(await verify(verifier, "with space")).toMatch(/^TokenRejectedError/);
    expect(server.requests).toEqual([]);
    expect(await verify(verifier, jwt("https://other.test"))).toMatchObject({ subject: "alice" });
    expect(await verify(verifier, "a.b.c.d.e")).toMatchObject({ subject: "alice" });
    expect(server.requests).toHaveLength(2);
  });

  it("does not ask while it is not configured", async () => {
    const verifier = verifiers.open(authWith(), new DiskFiles());
    expect(await verify(verifier)).toBe(rejected("unknown_connector_token"));
  });
});
