import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createProviderKey, type OidcProvider, startOidcProvider } from "../parts/oidc-provider.js";

let provider: OidcProvider;
let service: IceService | undefined;

beforeAll(async () => {
  provider = await startOidcProvider([createProviderKey("first", "RS256")]);
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
});
afterAll(() => provider?.stop());

async function start(auth: object): Promise<IceService> {
  service = await startIceService({
    files: { "client.secret": `${provider.introspection.secret}\n` },
    config: { auth, shutdown: { delay: "0s" } },
  });
  return service;
}

const algorithms = ["RS256", "ES256"];

const introspection = (changes: object) => ({
  introspection: {
    url: `${provider.issuer}/token/introspection`,
    clientId: provider.introspection.clientId,
    clientSecretFile: "client.secret",
    audience: "ice",
    ...changes,
  },
});

async function call({ url }: IceService, token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`${url}/api/v1/ice-servers`, { headers })).status;
}

const expectLine = (running: IceService, fields: object) =>
  expect.poll(() => running.logs()).toContainEqual(expect.objectContaining(fields));

describe("opaque tokens of oidc-provider", () => {
  it("are accepted for their audience until they are revoked", async () => {
    const token = await provider.requestToken({ form: "opaque" });
    const running = await start(introspection({ cacheFor: "0s" }));
    expect(await call(running, token)).toBe(200);
    await expectLine(running, {
      caller: { kind: "introspection", issuer: provider.issuer, name: "client:app" },
    });
    await provider.revokeToken(token);
    expect(await call(running, token)).toBe(401);
    await expectLine(running, { cause: "inactive" });
  });

  it("are accepted for their scope where they have no audience", async () => {
    const [allowed, other] = await Promise.all([
      provider.requestToken({ form: "opaque without audience", scope: "ice:read ice:users" }),
      provider.requestToken({ form: "opaque without audience", scope: "ice:users" }),
    ]);
    const running = await start(introspection({ requiredScope: "ice:read" }));
    expect(await call(running, allowed)).toBe(200);
    expect(await call(running, other)).toBe(401);
    await expectLine(running, { cause: "introspection_scope" });
  });

  it("are not accepted when the provider does not know them, or does not introspect them", async () => {
    const running = await start(introspection({}));
    expect(await call(running, "x".repeat(43))).toBe(401);
    await expectLine(running, { cause: "inactive" });
    expect(await call(running, await provider.requestToken({ form: "jwt" }))).toBe(401);
    await expectLine(running, { cause: "inactive" });
  });

  it("cannot be verified with the wrong secret, which is no fault of the caller", async () => {
    const token = await provider.requestToken({ form: "opaque" });
    const running = await start(introspection({ clientId: "app" }));
    expect(await call(running, token)).toBe(503);
    await expectLine(running, {
      msg: expect.stringContaining("the introspection endpoint cannot be asked"),
      problem: "HTTP status 401",
    });
  });
});

describe("JWTs of oidc-provider", () => {
  it.each([
    ["by the URL of its keys", () => ({ jwksUrl: `${provider.issuer}/jwks`, algorithms })],
    ["by discovery", () => ({ discovery: true })],
  ])("are accepted %s, also with new keys", async (_, find) => {
    await provider.useKeys([createProviderKey("first", "RS256")]);
    const running = await start({
      jwt: [{ issuer: provider.issuer, audience: "ice", ...find() }],
    });
    expect(await call(running, await provider.requestToken({ form: "jwt" }))).toBe(200);
    await expectLine(running, {
      caller: { kind: "jwt", issuer: provider.issuer, name: "app" },
    });
    await provider.useKeys([createProviderKey("second", "ES256")]);
    expect(await call(running, await provider.requestToken({ form: "jwt" }))).toBe(200);
  });
});
