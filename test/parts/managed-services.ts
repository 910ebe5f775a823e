import { createHmac, randomBytes } from "node:crypto";
import {
  type ContractAnswer,
  type ContractRequest,
  type ContractServer,
  startContractServer,
} from "./contract-server.js";
import { secondsFromNow } from "./real-time.js";

/** The TURN servers that a contract server hands out. */
export interface HandedOut {
  /** With `use-auth-secret`: the credentials work. */
  readonly secret: string;
  readonly urls: readonly string[];
  /** In place of the lifetime that is asked for. */
  readonly ttlSeconds?: number;
}

function issue({ secret }: HandedOut, ttlSeconds: number) {
  const username = `${secondsFromNow(ttlSeconds)}:${randomBytes(4).toString("hex")}`;
  const credential = createHmac("sha1", secret).update(username).digest("base64");
  return { username, credential };
}

const expectEqual = (what: string, found: unknown, wanted: unknown): readonly string[] =>
  found === wanted ? [] : [`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];

export const cloudflareKey = { keyId: "f1a2b3c4d5e6", apiToken: "cloudflare-api-token" };

/**
 * Cloudflare Realtime TURN, written from its documentation: the pages "Generate Credentials" (last updated
 * on 2026-09-25, developers.cloudflare.com/realtime/turn/generate-credentials/) and "FAQ" of the same
 * section: POST, Bearer token, `{"ttl": seconds}` up to 48 hours, 201 with STUN and TURN entries, a port 53
 * among them. The pages document no body of errors; the codes are those of HTTP.
 */
export function startCloudflare(handedOut: HandedOut): Promise<ContractServer> {
  const { keyId, apiToken } = cloudflareKey;
  const path = `/v1/turn/keys/${keyId}/credentials/generate-ice-servers`;
  const readTtl = ({ body }: ContractRequest): unknown => {
    const sent: unknown = JSON.parse(body);
    return typeof sent === "object" && sent !== null && "ttl" in sent ? sent.ttl : undefined;
  };
  const answer = (request: ContractRequest): ContractAnswer => {
    if (request.path !== path) {
      return { status: 404, body: { error: "not found" } };
    }
    if (request.headers.authorization !== `Bearer ${apiToken}`) {
      return { status: 401, body: { error: "unauthorized" } };
    }
    const ttl = readTtl(request);
    if (typeof ttl !== "number" || ttl < 1 || ttl > 48 * 3600) {
      return { status: 400, body: { error: "bad ttl" } };
    }
    const turn = { urls: handedOut.urls, ...issue(handedOut, handedOut.ttlSeconds ?? ttl) };
    const blocked = "turn:turn.cloudflare.test:53?transport=udp";
    const stun = ["stun:stun.cloudflare.test:3478", "stun:stun.cloudflare.test:53"];
    const iceServers = [{ urls: stun }, { ...turn, urls: [blocked, ...turn.urls] }];
    return { status: 201, body: { iceServers } };
  };
  return startContractServer(answer, (request) => [
    ...expectEqual("the method", request.method, "POST"),
    ...expectEqual("the path", request.path, path),
    ...expectEqual("the content type", request.headers["content-type"], "application/json"),
    ...expectEqual("the authorization", request.headers.authorization, `Bearer ${apiToken}`),
    ...expectEqual("the type of ttl", typeof readTtl(request), "number"),
  ]);
}

export const twilioAccount = {
  accountSid: `AC${"0123456789abcdef".repeat(2)}`,
  authToken: "twilio-auth-token",
  apiKeySid: `SK${"fedcba9876543210".repeat(2)}`,
  apiKeySecret: "twilio-key-secret",
};

/** As in the page "Twilio's Response" of the REST API: `code`, `message`, `more_info`, `status`. */
export const twilioError = (status: number, code: number, message: string) => ({
  code,
  message,
  more_info: `https://www.twilio.com/docs/errors/${code}`,
  status,
});

/**
 * Twilio's Network Traversal Service, written from its documentation: the page "REST API: Network Traversal
 * Service Tokens" (www.twilio.com/docs/stun-turn/api, read on 2026-11-29): POST, Basic authentication with the
 * account's SID and token or an API key, form field `Ttl` up to 86400, 201 with `ttl` as text and a URL an
 * entry, under two names. Errors: 20003 (401), 20404 (404), 30012 "TTL is too small" (400), 20429 (429).
 */
export function startTwilio(handedOut: HandedOut): Promise<ContractServer> {
  const { accountSid, authToken, apiKeySid, apiKeySecret } = twilioAccount;
  const path = `/2010-04-01/Accounts/${accountSid}/Tokens.json`;
  const logins = [`${accountSid}:${authToken}`, `${apiKeySid}:${apiKeySecret}`].map(
    (login) => `Basic ${Buffer.from(login).toString("base64")}`,
  );
  const answer = ({ path: asked, headers, body }: ContractRequest): ContractAnswer => {
    if (asked !== path) {
      return { status: 404, body: twilioError(404, 20404, "The requested resource was not found") };
    }
    if (!logins.includes(headers.authorization ?? "")) {
      return { status: 401, body: twilioError(401, 20003, "Authenticate") };
    }
    const ttl = Number(new URLSearchParams(body).get("Ttl") ?? 86_400);
    if (!(ttl >= 1 && ttl <= 86_400)) {
      return { status: 400, body: twilioError(400, 30012, "TTL is too small") };
    }
    const life = handedOut.ttlSeconds ?? ttl;
    const { username, credential } = issue(handedOut, life);
    const stun = "stun:global.stun.twilio.test:3478";
    return {
      status: 201,
      body: {
        username,
        password: credential,
        ttl: String(life),
        account_sid: accountSid,
        ice_servers: [
          { url: stun, urls: stun },
          ...handedOut.urls.map((url) => ({ url, urls: url, username, credential })),
        ],
        date_created: "Sun, 29 Nov 2026 07:00:00 +0000",
        date_updated: "Sun, 29 Nov 2026 07:00:00 +0000",
      },
    };
  };
  return startContractServer(answer, ({ method, path: asked, headers, body }) => [
    ...expectEqual("the method", method, "POST"),
    ...expectEqual("the path", asked, path),
    ...expectEqual(
      "the content type",
      headers["content-type"],
      "application/x-www-form-urlencoded",
    ),
    ...expectEqual("the login", logins.includes(headers.authorization ?? ""), true),
    ...expectEqual("the body", /^Ttl=\d+$/.test(body), true),
  ]);
}

export const meteredApiKey = "metered-api-key";

/**
 * Metered's TURN service, written from its documentation: the page "Get TURN Credential"
 * (www.metered.ca/docs/turn-rest-api/get-credential, read on 2026-11-29): GET with `apiKey` and `region` in
 * the query, 200 with a bare array that does not say how long its credentials live. Errors: 400 without a
 * key, 401 with a wrong one.
 */
export function startMetered(handedOut: HandedOut): Promise<ContractServer> {
  const path = "/api/v1/turn/credentials";
  const answer = ({ path: asked, query }: ContractRequest): ContractAnswer => {
    const apiKey = query.get("apiKey");
    if (asked !== path) {
      return { status: 404, body: { error: "Not found" } };
    }
    if (apiKey === null) {
      return { status: 400, body: { error: "Please specify API Key" } };
    }
    if (apiKey !== meteredApiKey) {
      return { status: 401, body: { error: "Invalid API Key" } };
    }
    const credential = issue(handedOut, handedOut.ttlSeconds ?? 86_400);
    const turn = handedOut.urls.map((urls) => ({ urls, ...credential }));
    return { status: 200, body: [{ urls: "stun:stun.metered.test:80" }, ...turn] };
  };
  return startContractServer(answer, ({ method, path: asked, headers, query, body }) => [
    ...expectEqual("the method", method, "GET"),
    ...expectEqual("the path", asked, path),
    ...expectEqual("the authorization", headers.authorization, undefined),
    ...expectEqual("apiKey", query.get("apiKey"), meteredApiKey),
    ...expectEqual("the body", body, ""),
  ]);
}
