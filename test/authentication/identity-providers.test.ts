import { createSecretKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuthConfig } from "../../src/authentication/auth-config.js";
import { listTokenKinds } from "../../src/authentication/token-kinds.js";
import type { TokenVerifier } from "../../src/authentication/token-verifier.js";
import { TokenVerifiers } from "../../src/authentication/token-verifiers.js";
import { systemTimer } from "../../src/clock.js";
import { createOutgoingHttp } from "../../src/outgoing/outgoing-http.js";
import { loadConfig } from "../../src/service-config.js";
import { type JwksServer, keys, startJwksServer } from "../parts/jwks-server.js";
import { MemoryFiles } from "../parts/memory-files.js";
import { ecCertificate } from "./jwt/certificates.js";
import { createSigningKey, startSeconds } from "./signing-key.js";
import { createMovableClock, createRecordingLog, reasonOf } from "./verifier-setup.js";

const page = readFileSync(resolve(import.meta.dirname, "../../docs/identity-providers.md"), "utf8");

/** The first configuration below a heading of the page. */
function readSettings(heading: string): string {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [, yaml = ""] = /^```yaml\n(auth:\n.*?)^```/ms.exec(section.split("\n## ")[0] ?? "") ?? [];
  return yaml;
}

const rsa = createSigningKey("RS256", "rsa");
const ec = createSigningKey("ES256", "ec");
const secretText = "super-secret-jwt-token-with-at-least-32-characters-long";
/** As Entra ID publishes keys: without `alg`, with certificates and a member of its own. */
const { alg: _, ...rsaWithoutAlg } = rsa.jwk;
const published = [{ ...rsaWithoutAlg, x5t: "rsa", x5c: ["MIIC"], issuer: "https://sts" }, ec.jwk];

type Claims = Readonly<Record<string, unknown>>;

interface Token {
  readonly alg?: "RS256" | "ES256" | "HS256";
  /** Beside `alg`. */
  readonly header?: object;
  readonly claims: Claims;
}

interface Provider {
  readonly heading: string;
  /** Without times, which every token has. Shaped as the provider documents it. */
  readonly tokens: Readonly<Record<string, Token>>;
  readonly subject: string;
  /** What makes a token one for somebody else. */
  readonly foreign: Claims;
}

const uuid = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

const providers: readonly Provider[] = [
  {
    heading: "Auth0",
    subject: "auth0|507f1f77bcf86cd799439011",
    foreign: { aud: ["https://other.example.com", "https://TENANT.us.auth0.com/userinfo"] },
    tokens: {
      "of a user": {
        header: { typ: "JWT", kid: "rsa" },
        claims: {
          iss: "https://TENANT.us.auth0.com/",
          sub: "auth0|507f1f77bcf86cd799439011",
          aud: ["https://ice.example.com", "https://TENANT.us.auth0.com/userinfo"],
          azp: "my_client_id",
          scope: "openid profile email",
        },
      },
    },
  },
  {
    heading: "Amazon Cognito",
    subject: uuid,
    foreign: { aud: undefined, client_id: "ANOTHER-CLIENT-ID" },
    tokens: {
      "for access": {
        header: { kid: "rsa" },
        claims: {
          iss: "https://cognito-idp.REGION.amazonaws.com/USER-POOL-ID",
          sub: uuid,
          "cognito:groups": ["my-test-group"],
          version: 2,
          client_id: "APP-CLIENT-ID",
          origin_jti: uuid,
          token_use: "access",
          scope: "phone openid profile email",
          username: "my-test-user",
          jti: uuid,
        },
      },
      "of identity": {
        header: { kid: "rsa" },
        claims: {
          iss: "https://cognito-idp.REGION.amazonaws.com/USER-POOL-ID",
          sub: uuid,
          aud: "APP-CLIENT-ID",
          "cognito:username": "my-test-user",
          email_verified: true,
          event_id: uuid,
          token_use: "id",
        },
      },
    },
  },
  {
    heading: "Microsoft Entra ID",
    subject: "gkUdxoCpVwEJFNxZQoPm2n5XRwdNPWk8",
    foreign: { aud: "00000003-0000-0000-c000-000000000000" },
    tokens: {
      "of version 2": {
        header: { typ: "JWT", kid: "rsa" },
        claims: {
          iss: "https://login.microsoftonline.com/TENANT-ID/v2.0",
          aud: "APPLICATION-ID",
          sub: "gkUdxoCpVwEJFNxZQoPm2n5XRwdNPWk8",
          oid: uuid,
          tid: "TENANT-ID",
          azp: uuid,
          azpacr: "0",
          name: "Abe Lincoln",
          preferred_username: "abeli@example.com",
          scp: "access_as_user",
          groups: Array.from({ length: 200 }, () => uuid),
          uti: "fqiBqXLPj0eQa82S-IYFAA",
          ver: "2.0",
        },
      },
    },
  },
  {
    heading: "Clerk",
    subject: "user_2abcDEFghiJKLmnoPQRstuVWxyz",
    foreign: { azp: "https://other.example.com" },
    tokens: {
      "of a session": {
        header: { typ: "JWT", kid: "rsa", cat: "cl_B7d4PD111AAA" },
        claims: {
          iss: "https://clerk.example.com",
          sub: "user_2abcDEFghiJKLmnoPQRstuVWxyz",
          azp: "https://app.example.com",
          sid: "sess_2abcDEFghiJKLmnoPQRstuVWxyz",
          fva: [0, -1],
          sts: "active",
          v: 2,
        },
      },
    },
  },
  {
    heading: "Supabase",
    subject: uuid,
    foreign: { aud: "anon" },
    tokens: {
      "by the new key": {
        alg: "ES256",
        header: { typ: "JWT", kid: "ec" },
        claims: supabaseClaims("https://PROJECT.supabase.co/auth/v1"),
      },
      "by the old secret": {
        alg: "HS256",
        header: { typ: "JWT", kid: "IBZFPqpuE0oC+hnZ" },
        claims: supabaseClaims("https://PROJECT.supabase.co/auth/v1"),
      },
    },
  },
  {
    heading: "Firebase",
    subject: "nZt1rSg5QyVaYlGwP0aGzZq1Yks2",
    foreign: { aud: "another-project" },
    tokens: {
      "of identity": {
        header: { typ: "JWT", kid: "rsa" },
        claims: {
          iss: "https://securetoken.google.com/PROJECT-ID",
          aud: "PROJECT-ID",
          auth_time: startSeconds - 5,
          user_id: "nZt1rSg5QyVaYlGwP0aGzZq1Yks2",
          sub: "nZt1rSg5QyVaYlGwP0aGzZq1Yks2",
          firebase: { identities: {}, sign_in_provider: "anonymous" },
        },
      },
    },
  },
  {
    heading: "Kubernetes service accounts",
    subject: "system:serviceaccount:web:call",
    foreign: { aud: ["https://kubernetes.default.svc.cluster.local"] },
    tokens: {
      "of a pod": {
        header: { kid: "rsa" },
        claims: {
          iss: "https://kubernetes.default.svc.cluster.local",
          aud: ["ice"],
          sub: "system:serviceaccount:web:call",
          jti: uuid,
          "kubernetes.io": {
            namespace: "web",
            node: { name: "node-1", uid: uuid },
            pod: { name: "call-5d4f", uid: uuid },
            serviceaccount: { name: "call", uid: uuid },
            warnafter: startSeconds + 300,
          },
        },
      },
    },
  },
];

function supabaseClaims(iss: string): Claims {
  return {
    iss,
    sub: uuid,
    aud: "authenticated",
    email: "",
    phone: "",
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: {},
    role: "authenticated",
    aal: "aal1",
    amr: [{ method: "password", timestamp: startSeconds - 5 }],
    session_id: uuid,
    is_anonymous: true,
  };
}

let server: JwksServer;
beforeAll(async () => {
  server = await startJwksServer(keys(...published));
});
afterAll(() => server.close());

/** Verifies by the page's settings, whose URLs lead to a server of this test. */
function openVerifier(settings: string): TokenVerifier & { close(): void } {
  const files = new MemoryFiles({
    "ice.yaml": settings,
    token: "service-account-token",
    "ca.crt": ecCertificate,
    "supabase-jwt.secret": `${secretText}\n`,
  });
  const { auth } = loadConfig({ file: "/etc/ice.yaml", env: {}, files }).config;
  const location = { url: server.url, allowInsecureUrl: false };
  const moved: AuthConfig = {
    ...auth,
    jwt: auth.jwt.map((entry) => ({
      ...entry,
      keys: entry.keys.kind === "fetched" ? { ...entry.keys, location } : entry.keys,
    })),
  };
  const { clock } = createMovableClock();
  const verifiers = new TokenVerifiers(listTokenKinds(), {
    ...{ clock, monotonicClock: clock, startTimer: systemTimer, log: createRecordingLog().log },
    outgoing: createOutgoingHttp({}),
    onChange() {},
  });
  return { ...verifiers.open(moved, files), close: () => verifiers.keep() };
}

const signers: Readonly<Record<"RS256" | "ES256" | "HS256", KeyObject>> = {
  RS256: rsa.privateKey,
  ES256: ec.privateKey,
  HS256: createSecretKey(secretText, "utf8"),
};

function sign({ alg = "RS256", header, claims }: Token, changes: Claims = {}): Promise<string> {
  const times = { iat: startSeconds - 5, nbf: startSeconds - 5, exp: startSeconds + 60 };
  return new SignJWT({ ...times, ...claims, ...changes })
    .setProtectedHeader({ alg, ...header })
    .sign(signers[alg]);
}

describe.each(providers)("the settings for $heading", ({ heading, tokens, subject, foreign }) => {
  it.each(Object.entries(tokens))("accept a token %s", async (_, token) => {
    const verifier = openVerifier(readSettings(heading));
    try {
      const caller = await verifier.verify(await sign(token));
      expect(caller).toMatchObject({ kind: "jwt", issuer: token.claims["iss"], subject });
    } finally {
      verifier.close();
    }
  });

  it.each(Object.entries(tokens))("reject a token %s for somebody else", async (_, token) => {
    const verifier = openVerifier(readSettings(heading));
    try {
      const signed = await sign(token, foreign);
      expect(await reasonOf(() => verifier.verify(signed))).toBe("audience");
    } finally {
      verifier.close();
    }
  });
});

describe("docs/identity-providers.md", () => {
  it("has settings for each of these providers", () => {
    const missing = providers.filter(({ heading }) => readSettings(heading) === "");
    expect(missing.map(({ heading }) => heading)).toEqual([]);
  });
});
