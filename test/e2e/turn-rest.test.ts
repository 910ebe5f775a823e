import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { startJanus } from "../parts/janus.js";
import { connectorTokens } from "../parts/tokens.js";
import { allocateRelay } from "../parts/turn-allocation.js";

const tokens = { janus: `ice_${"j".repeat(43)}`, phone: `ice_${"p".repeat(43)}` };
const { janus: token, phone } = tokens;
const secret = "turn-rest-test-secret";
const ttl = 3600;
const credentialSchema = z.strictObject({
  username: z.string(),
  password: z.string(),
  ttl: z.int(),
  uris: z.array(z.string()),
});

let coturn: Coturn;
let service: IceService;
let withoutQueryToken: IceService;
let withoutTurn: IceService;
beforeAll(async () => {
  coturn = await startCoturn({ secrets: [secret] });
  const start = (auth: object, ice: object, limits: object = {}) =>
    startIceService({
      files: { "tokens.yaml": connectorTokens(tokens, ["janus"]), "turn.secret": secret },
      config: {
        auth: { connectorTokensFile: "tokens.yaml", ...auth },
        ice: { stunUrls: ["stun:stun.example.com"], ...ice },
        limits,
        shutdown: { delay: "0s" },
      },
    });
  const at = `turn:127.0.0.1:${coturn.port}`;
  const turn = {
    urls: [at, `${at}?transport=tcp`],
    secretFiles: ["turn.secret"],
    identity: "subject",
    ttl: "1h",
  };
  service = await start({}, { turn });
  withoutQueryToken = await start({ queryToken: false }, { turn });
  withoutTurn = await start({}, {});
});
afterAll(async () => {
  await Promise.all([service, withoutQueryToken, withoutTurn].map((each) => each.stop()));
  await coturn.stop();
});

const form = "application/x-www-form-urlencoded";
interface TurnRequest {
  readonly query?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly to?: () => IceService;
}

/** With POST if there is a body. */
function ask({ query = "", body, headers = {}, to = () => service }: TurnRequest) {
  const post = body === undefined ? {} : { method: "POST", body };
  return fetch(`${to().url}/turn${query === "" ? "" : "?"}${query}`, {
    ...post,
    headers: { ...(body !== undefined && { "Content-Type": form }), ...headers },
  });
}

async function getCredential(request: TurnRequest) {
  const response = await ask(request);
  expect(response.status).toBe(200);
  return credentialSchema.parse(await response.json());
}
const nameIn = ({ username }: { readonly username: string }) => username.replace(/^\d+:/, "");
const bearer = { Authorization: `Bearer ${token}` };
const backendName = "f9a36fec.janus";

describe("Debian's Janus with turn_rest_api", () => {
  it.each(["GET", "POST"])("gets a relay candidate from coturn by %s", async (method) => {
    const janus = await startJanus({
      turn_rest_api: `${service.url}/turn`,
      turn_rest_api_key: token,
      turn_rest_api_method: method,
    });
    try {
      const candidates = await janus.gatherCandidates();
      expect(candidates.join("\n")).toMatch(/ 127\.0\.0\.1 \d+ typ relay /);
    } finally {
      await janus.stop();
    }
    await expect
      .poll(() =>
        service
          .logs()
          .filter(({ userAgent }) => userAgent === "Janus/1.0")
          .at(-1),
      )
      .toMatchObject({ method, code: "ok", status: 200, caller: { name: "janus" } });
  });
});

describe("/turn", () => {
  it("answers as the draft says, with TURN only, and credentials that coturn accepts", async () => {
    const response = await ask({ query: `service=turn&key=${token}` });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { username, password, ...others } = credentialSchema.parse(await response.json());
    const at = `turn:127.0.0.1:${coturn.port}`;
    expect(others).toEqual({ ttl, uris: [at, `${at}?transport=tcp`] });
    for (const transport of ["udp", "tcp"] as const) {
      const target = { port: coturn.port, transport, username, credential: password };
      expect(await allocateRelay(target)).toMatchObject({ allocated: true });
    }
  });

  // What software sends, where that was read, and for whom the credential then is.
  it.each<[who: string, request: TurnRequest, name: string]>([
    [
      // meetecho/janus-gateway src/turnrest.c, janus_turnrest_request
      "Janus by GET",
      { query: `service=turn&api=${token}&key=${token}&username=8821983084869805` },
      `${backendName}/8821983084869805`,
    ],
    [
      // The same: with POST, it sends its query as the body as well.
      "Janus by POST",
      {
        query: `service=turn&api=${token}&key=${token}&username=7`,
        body: `service=turn&api=${token}&key=${token}&username=7`,
      },
      `${backendName}/7`,
    ],
    [
      // edumeet/edumeet server/lib/Room.js, _peerJoining: axios with config.turnAPIparams and `ip`
      "edumeet with turnAPIparams: { service: 'turn', key: … }",
      { query: `service=turn&key=${token}&ip=192.0.2.7` },
      backendName,
    ],
    [
      // l7mp/stunner-auth-service README.md, getTurnAuth
      "clients of STUNner's authentication service",
      { query: `service=turn&username=my-user&ttl=3600&key=${token}` },
      `${backendName}/my-user`,
    ],
    [
      // The same, within the cluster: fetch("http://stunner-auth.stunner-system:8088?service=turn")
      "clients of STUNner's authentication service, with a header",
      { query: "service=turn", headers: bearer },
      backendName,
    ],
    [
      // draft-uberti-behave-turn-rest-00 section 2.1
      "the draft",
      { query: `service=turn&username=mbzrxpgjys&key=${token}` },
      `${backendName}/mbzrxpgjys`,
    ],
  ])("understands %s", async (_, request, name) => {
    expect(nameIn(await getCredential(request))).toBe(name);
  });

  it("tells OpenTalk's clients what is missing", async () => {
    // opentalk-controller crates/controller/src/api/v1/turn.rs answers `GET …/turn` with a Bearer token,
    // and nothing else.
    const response = await ask({ headers: bearer });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: "service must be turn",
      errors: [{ field: "service" }],
    });
  });

  const good = "service=turn";
  it.each<[what: string, request: TurnRequest]>([
    ["token", { query: `${good}&token=${token}` }],
    ["api", { query: `${good}&api=${token}` }],
    ["the same token three times", { query: `${good}&key=${token}&api=${token}&token=${token}` }],
    ["the same token, encoded", { query: `${good}&key=${token}&key=${token.replace("_", "%5F")}` }],
    ["an empty key beside the header", { query: `${good}&key=`, headers: bearer }],
    ["the header", { query: good, headers: bearer }],
    ["service in the body", { query: `key=${token}`, body: good }],
    [
      "a body type with parameters",
      { query: `key=${token}`, body: good, headers: { "Content-Type": `${form}; charset=UTF-8` } },
    ],
    [
      "a body of no coding, in any case",
      { query: `key=${token}`, body: good, headers: { "Content-Encoding": "Identity" } },
    ],
    ["no body", { query: `${good}&key=${token}`, body: "" }],
    ["a key in the body that is another", { query: good, headers: bearer, body: "key=other" }],
  ])("accepts %s", async (_, request) => {
    expect(nameIn(await getCredential(request))).toBe(backendName);
  });

  it.each<[what: string, status: number, request: TurnRequest]>([
    ["no token", 401, { query: good }],
    ["a wrong token", 401, { query: `${good}&key=wrong` }],
    ["a token in the body only", 401, { query: good, body: `key=${token}` }],
    [
      "a token in the query that may not be there",
      401,
      { query: `${good}&key=${token}`, to: () => withoutQueryToken },
    ],
    ["no token, however wrong the rest", 401, { query: "service=stun", body: "x".repeat(20_000) }],
    ["two tokens", 400, { query: `${good}&key=${token}&api=${phone}` }],
    ["the header and the query", 400, { query: `${good}&key=${token}`, headers: bearer }],
    ["no service", 400, { query: `key=${token}` }],
    ["another service", 400, { query: `service=stun&key=${token}` }],
    ["two services", 400, { query: `${good}&key=${token}`, body: "service=stun" }],
    ["a username that is not UTF-8", 400, { query: `${good}&key=${token}&username=%ff` }],
    [
      "a body that is not UTF-8",
      400,
      {
        query: `${good}&key=${token}`,
        body: Uint8Array.from(Buffer.from("username=\xff", "latin1")),
      },
    ],
    ["two usernames", 400, { query: `${good}&key=${token}&username=a`, body: "username=b" }],
    [
      "a username that is too long",
      400,
      { query: `${good}&key=${token}&username=${"x".repeat(257)}` },
    ],
    [
      "JSON",
      400,
      {
        query: `${good}&key=${token}`,
        body: "{}",
        headers: { "Content-Type": "application/json" },
      },
    ],
    [
      "a body that is too large",
      413,
      { query: `${good}&key=${token}`, body: `username=${"x".repeat(9000)}` },
    ],
    ["no TURN", 404, { query: `${good}&key=${token}`, to: () => withoutTurn }],
  ])("answers %s with %i", async (_, status, request) => {
    const response = await ask(request);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status });
    expect(response.status).toBe(status);
  });

  it("names the parameter that is too long as it is called here", async () => {
    const response = await ask({ query: `${good}&key=${token}&username=${"x".repeat(257)}` });
    expect(await response.json()).toMatchObject({
      error: "username must be at most 256 bytes",
      errors: [{ field: "username" }],
    });
  });

  it("ignores the username of a caller without the right, whatever it is", async () => {
    const query = `${good}&key=${phone}&username=`;
    expect(nameIn(await getCredential({ query: `${query}alice` }))).toBe("f9a36fec.phone");
    for (const name of ["x".repeat(300), "%ff", "a&username=b"]) {
      expect(nameIn(await getCredential({ query: query + name }))).toBe("f9a36fec.phone");
    }
    const body = "username=b";
    expect(nameIn(await getCredential({ query: `${query}a`, body }))).toBe("f9a36fec.phone");
  });

  it("serves HEAD, names its methods, and is told of at unknown paths", async () => {
    const query = `?${good}&key=${token}`;
    const head = await fetch(`${service.url}/turn${query}`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const wrong = await fetch(`${service.url}/turn${query}`, { method: "DELETE" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
    const options = await fetch(`${service.url}/turn`, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([
      204,
      "GET, HEAD, POST, OPTIONS",
    ]);
    const unknown = await fetch(`${service.url}/turns`);
    expect(await unknown.json()).toMatchObject({ error: expect.stringContaining("GET /turn") });
  });

  it("leaves neither tokens nor users in the log", async () => {
    for (const query of [`key=${token}`, `api=${phone}`, `token=wrong-token-of-this-test`]) {
      await ask({ query: `${good}&${query}&username=alice-of-turn-rest` });
    }
    await expect
      .poll(() => service.logs().filter(({ code }) => code === "unauthenticated").length)
      .toBeGreaterThan(0);
    expect(service.stderr()).not.toMatch(/ice_[jp]{3}|wrong-token|alice-of-turn-rest|8821983084/);
  });
});
