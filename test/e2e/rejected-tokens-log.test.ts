import { createSecretKey, randomBytes } from "node:crypto";
import { EncryptJWT, SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";

const issuer = "https://login.example.com/realms/a";
const secret = randomBytes(32).toString("hex");

let service: IceService;
beforeAll(async () => {
  service = await startIceService({
    config: { auth: { jwt: [{ issuer, audience: ["ice"], secretFile: "jwt.secret" }] } },
    files: { "jwt.secret": `${secret}\n` },
  });
});
afterAll(() => service.stop());

const claims = { iss: issuer, aud: "ice", sub: "alice" };
const sign = (changes: Readonly<Record<string, unknown>>) =>
  new SignJWT({ ...claims, ...changes })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("10m")
    .sign(Buffer.from(secret));
const encrypt = () =>
  new EncryptJWT(claims)
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .encrypt(createSecretKey(randomBytes(32)));

it.each<[what: string, make: () => Promise<string>, cause: string, detail: RegExp]>([
  [
    "an issuer with a trailing slash",
    () => sign({ iss: `${issuer}/` }),
    "unknown_issuer",
    /trailing slash/,
  ],
  [
    "another issuer",
    () => sign({ iss: "https://b" }),
    "unknown_issuer",
    /"https:\/\/b" is none of/,
  ],
  ["another audience", () => sign({ aud: ["account"] }), "audience", /"account".*none of "ice"/],
  ["no audience", () => sign({ aud: undefined }), "audience", /no aud/],
  ["a JWE", encrypt, "unsupported", /encrypted \(JWE/],
])("of %s, the log names the difference, and the caller learns nothing", async (...row) => {
  const [, make, cause, detail] = row;
  const ask = async (token: string) => {
    const answer = await fetch(`${service.url}/api/v1/ice-servers`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const { status, headers } = answer;
    return { status, challenge: headers.get("WWW-Authenticate"), body: await answer.text() };
  };
  const earlier = service.logs().length;
  expect(await ask(await make())).toEqual(await ask("unknown"));
  await expect.poll(() => service.logs().slice(earlier)).toHaveLength(2);
  const line = service.logs()[earlier];
  expect(line).toMatchObject({ level: "warn", cause });
  expect(line?.["detail"]).toMatch(detail);
});
