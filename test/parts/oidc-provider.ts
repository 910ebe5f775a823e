import { fileURLToPath } from "node:url";
import { z } from "zod";
import { acceptsTcp, type ChildProcess, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createKeyPair } from "./key-pair.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

const program = fileURLToPath(new URL("./oidc-provider.mjs", import.meta.url));
const tokenSchema = z.object({ access_token: z.string() });

/** What a token is asked for. */
export interface TokenOrder {
  /** Of the token; `opaque` and `jwt` have the audience `ice`. */
  readonly form: "opaque" | "jwt" | "opaque without audience";
  readonly scope?: string;
}

export interface OidcProvider {
  readonly issuer: string;
  /** As which the service may introspect. Both parts need to be form-encoded. */
  readonly introspection: { readonly clientId: string; readonly secret: string };
  /** Gets a token by the client credentials flow (RFC 6749 section 4.4), for the client `app`. */
  requestToken(order: TokenOrder): Promise<string>;
  /** Ends a token (RFC 7009). */
  revokeToken(token: string): Promise<void>;
  /** Starts it again with these keys, of which the first one signs. It forgets its opaque tokens. */
  useKeys(keys: readonly ProviderKey[]): Promise<void>;
  stop(): Promise<void>;
}

/** A private key, as a provider is configured with it. */
export type ProviderKey = Readonly<Record<string, unknown>>;

export function createProviderKey(kid: string, alg: "RS256" | "ES256"): ProviderKey {
  const { privateKey } = createKeyPair(alg === "RS256" ? "rsa" : "P-256");
  return { ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" };
}

/** Starts npm's oidc-provider, which we did not write, on loopback. */
export async function startOidcProvider(keys: readonly ProviderKey[]): Promise<OidcProvider> {
  const directory = await createTemporaryDirectory("oidc-provider");
  const port = await findFreePort();
  const issuer = `http://127.0.0.1:${port}`;
  const clientSecret = "app-secret";
  const introspection = { clientId: "ice:service/1", secret: "s e+c:r&t%" };
  const client = `Basic ${Buffer.from(`app:${clientSecret}`).toString("base64")}`;
  let child: ChildProcess = await start(keys);

  async function start(ownKeys: readonly ProviderKey[]): Promise<ChildProcess> {
    const settings = {
      ...{ port, keys: ownKeys, clientSecret },
      introspectionSecret: introspection.secret,
    };
    const started = startProcess({
      name: "oidc-provider",
      command: process.execPath,
      args: [program, JSON.stringify(settings)],
      cwd: directory.path,
    });
    await started.untilReady(() => acceptsTcp(port));
    return started;
  }

  async function post(path: string, form: Record<string, string>): Promise<string> {
    const response = await fetch(`${issuer}${path}`, {
      method: "POST",
      headers: { Authorization: client },
      body: new URLSearchParams(form),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${path} answered ${response.status}: ${text}`);
    }
    return text;
  }

  return {
    issuer,
    introspection,
    async requestToken({ form, scope = "ice:read" }) {
      const resource = { opaque: "https://ice.test/opaque", jwt: "https://ice.test/jwt" };
      const answer = await post("/token", {
        grant_type: "client_credentials",
        scope,
        ...(form !== "opaque without audience" && { resource: resource[form] }),
      });
      return tokenSchema.parse(JSON.parse(answer)).access_token;
    },
    async revokeToken(token) {
      await post("/token/revocation", { token });
    },
    async useKeys(nextKeys) {
      await child.stop();
      child = await start(nextKeys);
    },
    async stop() {
      await child.stop();
      await directory.remove();
    },
  };
}
