import { createHmac } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

// What SECURITY.md says to do when something has leaked, done to the running program.

const issuer = "https://issuer.test";
const firstKey = "first-key-0123456789abcdef0123456789abcdef";
const secondKey = "second-key-0123456789abcdef0123456789abcdef";

let directory: TemporaryDirectory;
let service: IceService;

beforeAll(async () => {
  directory = await createTemporaryDirectory("leaked");
  const secretFile = await directory.write("jwt.secret", firstKey);
  const connectorTokensFile = await directory.write(
    "tokens.yaml",
    connectorTokens({ leaked: "leaked-token", other: "other-token" }),
  );
  const denyListFile = await directory.write("deny.yaml", "deny: []");
  const turnSecret = await directory.write("turn.secret", "first-secret-of-turn");
  service = await startIceService({
    config: {
      auth: {
        queryToken: false,
        jwt: [{ issuer, audience: "ice", secretFile }],
        connectorTokensFile,
        denyListFile,
      },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: [turnSecret], ttl: "2h" } },
    },
  });
});
afterAll(async () => {
  await service.stop();
  await directory.remove();
});

const answerSchema = z.object({
  iceServers: z.array(
    z.object({ username: z.string().optional(), credential: z.string().optional() }),
  ),
});
const sign = (subject: string, id: string, key = firstKey) =>
  new SignJWT({ iss: issuer, aud: "ice", sub: subject, jti: id })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(Buffer.from(key));

const ask = (token: string, query = "") =>
  fetch(`${service.url}/api/v1/ice-servers${query}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
const statusOf = async (token: string) => (await ask(token)).status;

/** Changes a file, and waits for the effect that the running process takes over by itself. */
async function change(name: string, content: string, effect: () => Promise<unknown>, to: unknown) {
  await directory.write(name, content);
  await expect.poll(effect).toBe(to);
}

describe("without a restart", () => {
  it("a connector token is taken away, and the others stay", async () => {
    expect(await statusOf("leaked-token")).toBe(200);
    const rest = connectorTokens({ other: "other-token" });
    await change("tokens.yaml", rest, () => statusOf("leaked-token"), 401);
    expect(await statusOf("other-token")).toBe(200);
  });

  it("a JWT is denied by its jti, and its subject by name, though they were verified before", async () => {
    const [alice, again, bob] = await Promise.all([
      sign("alice", "1"),
      sign("alice", "2"),
      sign("bob", "3"),
    ]);
    for (const token of [alice, again, bob]) {
      expect(await statusOf(token)).toBe(200);
    }
    await change("deny.yaml", 'deny: [{ jti: "1" }]', () => statusOf(alice), 401);
    expect(await statusOf(again)).toBe(200);
    await change("deny.yaml", "deny: [{ subject: alice }]", () => statusOf(again), 401);
    expect(await statusOf(bob)).toBe(200);
  });

  it("a shared JWT key is replaced, and its tokens are worth nothing", async () => {
    const old = await sign("carol", "4");
    expect(await statusOf(old)).toBe(200);
    await change("jwt.secret", secondKey, () => statusOf(old), 401);
    expect(await statusOf(await sign("carol", "5", secondKey))).toBe(200);
  });

  it("the TURN secret is replaced", async () => {
    const isSignedWith = async (secret: string) => {
      const { iceServers } = answerSchema.parse(await (await ask("other-token")).json());
      const { username = "", credential } = iceServers[1] ?? {};
      return createHmac("sha1", secret).update(username).digest("base64") === credential;
    };
    expect(await isSignedWith("first-secret-of-turn")).toBe(true);
    const next = "second-secret-of-turn";
    await change("turn.secret", next, () => isSignedWith(next), true);
  });

  it("a broken file takes nothing away and lets nobody in", async () => {
    const notReloaded = () =>
      service.logs().filter(({ msg }) => msg.startsWith("configuration not reloaded")).length;
    const before = notReloaded();
    const isTold = async () => notReloaded() > before;
    await change("tokens.yaml", "tokens: [{ name: other, hash: not-a-hash }]", isTold, true);
    expect(await statusOf("other-token")).toBe(200);
    expect(await statusOf("not-a-hash")).toBe(401);
    expect(service.stderr()).not.toContain("not-a-hash");
  });
});

describe("a caller with a token", () => {
  it("gets no longer life than ttl", async () => {
    expect((await ask("other-token", "?ttlSeconds=7200")).status).toBe(200);
    expect((await ask("other-token", "?ttlSeconds=7201")).status).toBe(400);
  });

  it("is not taken from the query with queryToken: false", async () => {
    const answer = await fetch(`${service.url}/api/v1/ice-servers?token=other-token`);
    expect(answer.status).toBe(401);
  });

  it("finds nothing of theirs in the log", () => {
    for (const secret of [
      "leaked-token",
      "other-token",
      "eyJ",
      firstKey,
      "secret-of-turn",
      "ttlSeconds",
    ]) {
      expect(service.stderr()).not.toContain(secret);
    }
  });
});
