import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type ChildProcess, startProcess } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

const version = readFileSync(join(import.meta.dirname, "keycloak-version.txt"), "utf8").trim();
const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
/** Where install-tools.sh has put it. */
const program = join(cache, "ice-service", `keycloak-${version}`, "bin", "kc.sh");
/** It takes ten seconds on an idle machine. */
const startTimeoutMs = 300_000;
const admin = { username: "admin", password: "keycloak-admin" };
const tokenSchema = z.object({ access_token: z.string() });

export interface Keycloak {
  /** Of a realm with the client `app`, whose tokens have the audience `ice`. */
  readonly issuer: string;
  /** As which the service may introspect. Both parts need to be form-encoded. */
  readonly introspection: { readonly clientId: string; readonly secret: string };
  /** Gets a token by the client credentials flow (RFC 6749 section 4.4). */
  requestToken(): Promise<string>;
  /** Has the realm sign with a new RSA key; the former one stays published. */
  rotateKeys(): Promise<void>;
  /** Ends all tokens of `app` for those who introspect them. */
  disableApp(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Keycloak on loopback, with a database in memory. */
export async function startKeycloak(): Promise<Keycloak> {
  const directory = await createTemporaryDirectory("keycloak");
  const port = await findFreePort();
  const managementPort = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const introspection = { clientId: "ice:service/1", secret: "s e+c:r&t%" };
  const child: ChildProcess = startProcess({
    name: "keycloak",
    command: "bash",
    args: [
      ...[program, "start", "--optimized", "--http-enabled=true", "--hostname-strict=false"],
      ...["--http-host=127.0.0.1", `--http-port=${port}`],
      `--http-management-port=${managementPort}`,
    ],
    cwd: directory.path,
    readyTimeoutMs: startTimeoutMs,
    env: {
      KC_BOOTSTRAP_ADMIN_USERNAME: admin.username,
      KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
    },
  });

  async function stop(): Promise<void> {
    await child.stop();
    await directory.remove();
  }

  async function getToken(realm: string, form: Record<string, string>): Promise<string> {
    const path = `/realms/${realm}/protocol/openid-connect/token`;
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      body: new URLSearchParams(form),
    });
    return tokenSchema.parse(await response.json()).access_token;
  }

  async function administer(method: string, path: string, body?: object): Promise<unknown> {
    const token = await getToken("master", {
      grant_type: "password",
      client_id: "admin-cli",
      ...admin,
    });
    const response = await fetch(`${url}/admin/realms${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    }
    return text === "" ? undefined : JSON.parse(text);
  }

  try {
    await child.untilReady(async () => (await fetch(`${url}/realms/master`)).ok || undefined);
    await administer("POST", "", realmWith(introspection));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    issuer: `${url}/realms/ice`,
    introspection,
    requestToken: () =>
      getToken("ice", {
        grant_type: "client_credentials",
        client_id: "app",
        client_secret: "app-secret",
      }),
    async rotateKeys() {
      await administer("POST", "/ice/components", {
        name: "newer",
        providerId: "rsa-generated",
        providerType: "org.keycloak.keys.KeyProvider",
        config: { priority: ["1000"], algorithm: ["RS256"] },
      });
    },
    async disableApp() {
      const found = z
        .array(z.looseObject({ id: z.string() }))
        .parse(await administer("GET", "/ice/clients?clientId=app"));
      for (const client of found) {
        await administer("PUT", `/ice/clients/${client.id}`, { ...client, enabled: false });
      }
    },
    stop,
  };
}

function realmWith({ clientId, secret }: Keycloak["introspection"]): object {
  return {
    realm: "ice",
    enabled: true,
    clients: [
      {
        clientId: "app",
        secret: "app-secret",
        serviceAccountsEnabled: true,
        standardFlowEnabled: false,
        protocolMappers: [
          {
            name: "audience",
            protocol: "openid-connect",
            protocolMapper: "oidc-audience-mapper",
            config: {
              "included.custom.audience": "ice",
              "access.token.claim": "true",
              "introspection.token.claim": "true",
            },
          },
        ],
      },
      { clientId, secret, serviceAccountsEnabled: true, standardFlowEnabled: false },
    ],
  };
}
