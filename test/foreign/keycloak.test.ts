import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { type Keycloak, startKeycloak } from "./keycloak.js";

let keycloak: Keycloak;
let service: IceService | undefined;
beforeAll(async () => {
  keycloak = await startKeycloak();
}, 320_000);
afterEach(async () => {
  await service?.stop();
  service = undefined;
});
afterAll(() => keycloak?.stop());

async function start(auth: object): Promise<IceService> {
  service = await startIceService({
    files: { "client.secret": `${keycloak.introspection.secret}\n` },
    config: { auth, shutdown: { delay: "0s" } },
  });
  return service;
}

async function call({ url }: IceService, token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`${url}/api/v1/ice-servers`, { headers })).status;
}

describe("tokens of Keycloak", () => {
  it("are verified with keys that discovery finds, also with new ones", async () => {
    const running = await start({
      jwt: [{ issuer: keycloak.issuer, audience: "ice", discovery: true }],
    });
    const old = await keycloak.requestToken();
    expect(await call(running, old)).toBe(200);
    await keycloak.rotateKeys();
    expect(await call(running, await keycloak.requestToken())).toBe(200);
    expect(await call(running, old)).toBe(200);
  });

  it("are introspected, until their client is disabled", async () => {
    const running = await start({
      introspection: {
        url: `${keycloak.issuer}/protocol/openid-connect/token/introspect`,
        clientId: keycloak.introspection.clientId,
        clientSecretFile: "client.secret",
        audience: "ice",
        cacheFor: "0s",
      },
    });
    const token = await keycloak.requestToken();
    expect(await call(running, token)).toBe(200);
    expect(await call(running, `${token.slice(0, -8)}AAAAAAAA`)).toBe(401);
    await keycloak.disableApp();
    expect(await call(running, token)).toBe(401);
    await expect
      .poll(() => running.logs())
      .toContainEqual(expect.objectContaining({ cause: "inactive" }));
  });
});
