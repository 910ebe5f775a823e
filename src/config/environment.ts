import { findNearName } from "./near-name.js";

type Path = readonly (string | number)[];

interface Variable {
  readonly path: Path;
  /** How its text becomes the value of the key; the text itself by default. */
  readonly read?: (text: string) => unknown;
  /** Whether the empty text is a value: it is an empty list then. */
  readonly emptyIsValue?: boolean;
}

/** Every variable that stands for a key of the file. */
const variables: Readonly<Record<string, Variable>> = {
  ICE_HOST: { path: ["listen", "host"] },
  ICE_PORT: { path: ["listen", "port"] },
  ICE_ADMIN_HOST: { path: ["admin", "host"] },
  ICE_ADMIN_PORT: { path: ["admin", "port"] },
  ICE_TLS_CERT_FILE: { path: ["listen", "tls", "certFile"] },
  ICE_TLS_KEY_FILE: { path: ["listen", "tls", "keyFile"] },
  ICE_TRUSTED_PROXIES: { path: ["listen", "trustedProxies"], read: readList },
  ICE_CORS_ORIGINS: { path: ["cors", "allowedOrigins"], read: readList },
  ICE_STUN_URLS: { path: ["ice", "stunUrls"], read: readList, emptyIsValue: true },
  ICE_TURN_URLS: { path: ["ice", "turn", "urls"], read: readList, emptyIsValue: true },
  ICE_TURN_SECRET_FILE: { path: ["ice", "turn", "secretFiles"], read: readList },
  ICE_TURN_TTL: { path: ["ice", "turn", "ttl"] },
  ICE_TURN_IDENTITY: { path: ["ice", "turn", "identity"] },
  ICE_TURN_NAME: { path: ["ice", "turn", "name"] },
  ICE_JWT_ISSUER: { path: ["auth", "jwt", 0, "issuer"] },
  ICE_JWT_AUDIENCE: { path: ["auth", "jwt", 0, "audience"], read: readList },
  ICE_JWT_ALGORITHMS: { path: ["auth", "jwt", 0, "algorithms"], read: readList },
  ICE_JWT_JWKS_URL: { path: ["auth", "jwt", 0, "jwksUrl"] },
  ICE_JWT_JWKS_FILE: { path: ["auth", "jwt", 0, "jwksFile"] },
  ICE_JWT_PUBLIC_KEY_FILE: { path: ["auth", "jwt", 0, "publicKeyFile"] },
  ICE_JWT_SECRET_FILE: { path: ["auth", "jwt", 0, "secretFile"] },
  ICE_CONNECTOR_TOKENS_FILE: { path: ["auth", "connectorTokensFile"] },
  ICE_DENY_LIST_FILE: { path: ["auth", "denyListFile"] },
  ICE_LOG_LEVEL: { path: ["log", "level"] },
};
/** Read elsewhere: the file's name, and the one value that has no key in the file. */
const otherVariables = ["ICE_CONFIG", "ICE_TURN_SECRET"];

export interface Overlay {
  /** What the variables say, to be laid over the file. */
  readonly entries: readonly {
    readonly name: string;
    readonly path: Path;
    readonly value: unknown;
  }[];
  readonly warnings: readonly string[];
}

/** Reads entries with commas between them; empty ones are left out. */
export function readList(text = ""): string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** Reads the variables. An empty one counts as not set, save for the URL lists. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Overlay {
  const entries = Object.entries(variables).flatMap(([name, { path, read, emptyIsValue }]) => {
    const text = env[name];
    return text === undefined || (text === "" && emptyIsValue !== true)
      ? []
      : [{ name, path, value: read === undefined ? text : read(text) }];
  });
  const known = [...Object.keys(variables), ...otherVariables];
  const warnings = Object.keys(env)
    .filter((name) => name.startsWith("ICE_") && !known.includes(name))
    // Kubernetes sets these by itself beside a Service of the name ice-service.
    .filter((name) => !name.startsWith("ICE_SERVICE_"))
    .map((name) => {
      const near = findNearName(name, known);
      const suggestion = near === undefined ? "" : `; did you mean ${near}?`;
      return `the variable ${name} is unknown and ignored${suggestion}`;
    });
  return { entries, warnings };
}
