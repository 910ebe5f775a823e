import type { KeyObject } from "node:crypto";
import {
  type AsymmetricAlgorithm,
  type AuthConfig,
  asymmetricAlgorithms,
  type HmacAlgorithm,
  hmacAlgorithms,
  type JwtIssuerConfig,
  type JwtKeys,
} from "./config.js";
import type { AuthFileSection, JwtFileEntry } from "./file-schema.js";
import type { ProblemList } from "./problem-list.js";
import type { SectionContext } from "./section-context.js";

const defaultClockToleranceSeconds = 30;
const longestClockToleranceSeconds = 300;
const keySources = ["jwksUrl", "jwksFile", "publicKeyFile", "secretFile"] as const;
const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

/** Builds the `auth` section; what is wrong with it joins the problems. */
export function buildAuth(auth: AuthFileSection, context: SectionContext): AuthConfig {
  const { problems, needsCallers, dev, resolveFile } = context;
  const { queryToken = true, connectorTokensFile, denyListFile, jwt: entries = [] } = auth;
  const jwt = entries.flatMap((entry, index) => {
    const issuer = buildJwtIssuer(entry, index, context);
    return issuer === undefined ? [] : [issuer];
  });
  if (needsCallers && !dev && entries.length === 0 && connectorTokensFile === undefined) {
    problems.add(
      ["auth"],
      "no authentication is configured",
      "Set auth.jwt or auth.connectorTokensFile (`ice-service token new` makes an entry), or start with --dev to try the service",
    );
  }
  return {
    queryToken,
    jwt,
    ...(connectorTokensFile !== undefined && {
      connectorTokensFile: resolveFile(["auth", "connectorTokensFile"], connectorTokensFile),
    }),
    ...(denyListFile !== undefined && {
      denyListFile: resolveFile(["auth", "denyListFile"], denyListFile),
    }),
  };
}

/** Builds one entry of `auth.jwt`, or undefined where its problems leave nothing to use. */
function buildJwtIssuer(
  entry: JwtFileEntry,
  index: number,
  context: SectionContext,
): JwtIssuerConfig | undefined {
  const path = ["auth", "jwt", index];
  const { problems } = context;
  const clockToleranceSeconds = entry.clockTolerance ?? defaultClockToleranceSeconds;
  if (clockToleranceSeconds > longestClockToleranceSeconds) {
    problems.add(
      [...path, "clockTolerance"],
      "is longer than 5m",
      "Write 30s, and keep the clocks right",
    );
  }
  const given = keySources.filter((source) => entry[source] !== undefined);
  if (given.length !== 1) {
    problems.add(
      path,
      given.length === 0 ? "names no keys" : `names keys more than once: ${given.join(", ")}`,
      `Give exactly one of ${keySources.join(", ")}`,
    );
    return undefined;
  }
  const keys = buildKeys(entry, path, context);
  return keys && { issuer: entry.issuer, audience: entry.audience, clockToleranceSeconds, keys };
}

function buildKeys(
  { algorithms, jwksUrl, jwksFile, publicKeyFile, secretFile }: JwtFileEntry,
  path: readonly PropertyKey[],
  context: SectionContext,
): JwtKeys | undefined {
  const { problems, resolveFile } = context;
  if (secretFile !== undefined) {
    const secretPath = [...path, "secretFile"];
    const secret = context.readSecret(secretPath, resolveFile(secretPath, secretFile));
    const hmac = (algorithms ?? ["HS256"]).filter(isHmacAlgorithm);
    if (algorithms !== undefined && hmac.length < algorithms.length) {
      const fix = `Use ${hmacAlgorithms.join(", ")} with secretFile`;
      problems.add([...path, "algorithms"], "names an algorithm that needs a public key", fix);
    }
    checkSecretLength(secret, hmac, secretPath, context);
    return secret && { kind: "secret", secret, algorithms: hmac };
  }
  const asymmetric = (algorithms ?? ["ES256"]).filter(isAsymmetricAlgorithm);
  if (algorithms !== undefined && asymmetric.length < algorithms.length) {
    problems.add(
      [...path, "algorithms"],
      "names an HMAC algorithm, which would make the public key a secret",
      `Use ${asymmetricAlgorithms.join(", ")}, or secretFile`,
    );
  }
  if (jwksUrl !== undefined) {
    const url = parseJwksUrl(jwksUrl, [...path, "jwksUrl"], problems);
    return url && { kind: "jwksUrl", url, algorithms: asymmetric };
  }
  const kind = jwksFile === undefined ? "publicKeyFile" : "jwksFile";
  const file = resolveFile([...path, kind], jwksFile ?? publicKeyFile ?? "");
  return { kind, file, algorithms: asymmetric };
}

function checkSecretLength(
  secret: KeyObject | undefined,
  algorithms: readonly HmacAlgorithm[],
  path: readonly PropertyKey[],
  { problems, warn }: SectionContext,
): void {
  const bytes = secret?.symmetricKeySize;
  if (bytes === undefined) {
    return;
  }
  const hashBytes = Math.max(...algorithms.map((algorithm) => Number(algorithm.slice(2)) / 8));
  if (bytes < 32) {
    problems.add(
      path,
      `holds ${bytes} bytes; RFC 7518 section 3.2 asks for 32 or more`,
      "Make one with `ice-service secret new`",
    );
  } else if (bytes < hashBytes) {
    warn(`the JWT secret holds ${bytes} bytes; RFC 7518 section 3.2 asks for ${hashBytes}`);
  }
}

function parseJwksUrl(
  text: string,
  path: readonly PropertyKey[],
  problems: ProblemList,
): URL | undefined {
  if (!URL.canParse(text)) {
    problems.add(
      path,
      "is not a URL",
      "Write it like https://login.example.com/.well-known/jwks.json",
    );
    return undefined;
  }
  const url = new URL(text);
  const isLocal = url.protocol === "http:" && loopbackHosts.includes(url.hostname);
  if (url.protocol !== "https:" && !isLocal) {
    problems.add(
      path,
      "is not an https: URL",
      "Use https:; who answers in its place could sign tokens",
    );
  }
  if (url.username !== "" || url.password !== "") {
    problems.add(path, "holds a user name or password", "Remove it: a key set is public");
  }
  return url;
}

function isHmacAlgorithm(algorithm: string): algorithm is HmacAlgorithm {
  return (hmacAlgorithms as readonly string[]).includes(algorithm);
}

function isAsymmetricAlgorithm(algorithm: string): algorithm is AsymmetricAlgorithm {
  return (asymmetricAlgorithms as readonly string[]).includes(algorithm);
}
