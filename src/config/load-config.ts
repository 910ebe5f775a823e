import type { KeyObject } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { Files } from "../files/files.js";
import { buildAdmin } from "./admin-section.js";
import { buildJwtIssuer } from "./auth-section.js";
import type { Config } from "./config.js";
import { readConfigSource } from "./config-source.js";
import { buildCors } from "./cors-section.js";
import { readEnvironment } from "./environment.js";
import { buildIceSettings } from "./ice-section.js";
import { buildLimits } from "./limits-section.js";
import { buildListen } from "./listen-section.js";
import { ProblemList } from "./problem-list.js";
import { addSecretProblem, readSecretFile } from "./secret-file.js";
import type { SectionContext } from "./section-context.js";
import { readTurnSecrets } from "./turn-secrets.js";

export interface LoadOptions {
  /** The configuration file; by default the one that ICE_CONFIG names, else none. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Files;
  /** False where nobody is served: then it does not matter that nobody could prove who he is. */
  readonly needsCallers?: boolean;
  /** Development: loopback only, no authentication needed, this TURN secret unless one is configured. */
  readonly dev?: { readonly secret: KeyObject };
}

export interface LoadedConfig {
  readonly config: Config;
  /** What works, but is probably not meant. */
  readonly warnings: readonly string[];
}

/**
 * Loads the configuration: file, then variables over it, then defaults.
 * @throws ConfigError with everything that is wrong
 */
export function loadConfig({
  file,
  env,
  files,
  needsCallers = true,
  dev,
}: LoadOptions): LoadedConfig {
  const configFile = file ?? (env["ICE_CONFIG"] || undefined);
  const overlay = readEnvironment(env);
  const source = readConfigSource(configFile, overlay, files);
  const { content, nameKey } = source;
  const problems = new ProblemList(nameKey);
  const warnings = [...overlay.warnings];
  const warn = (text: string) => warnings.push(text);

  const resolveFile = (path: readonly PropertyKey[], name: string) =>
    source.fromEnvironment(path) ? resolve(name) : resolve(dirname(configFile ?? "."), name);
  const readSecret = (path: readonly PropertyKey[], name: string) => {
    try {
      return readSecretFile(name, files, dev !== undefined, warn);
    } catch (error) {
      return addSecretProblem(error, path, problems);
    }
  };

  const context: SectionContext = {
    problems,
    warn,
    dev: dev !== undefined,
    files,
    resolveFile,
    readSecret,
  };

  const { auth = {}, log = {}, shutdown = {} } = content;
  const jwt = (auth.jwt ?? []).flatMap((entry, index) => {
    const issuer = buildJwtIssuer(entry, index, context);
    return issuer === undefined ? [] : [issuer];
  });
  const hasCallers = (auth.jwt ?? []).length > 0 || auth.connectorTokensFile !== undefined;
  if (needsCallers && dev === undefined && !hasCallers) {
    problems.add(
      ["auth"],
      "no authentication is configured",
      "Set auth.jwt or auth.connectorTokensFile (`ice-service token new` makes an entry), or start with --dev to try the service",
    );
  }
  const secrets = readTurnSecrets(source, env["ICE_TURN_SECRET"], context);
  const listen = buildListen(content.listen, context);
  const admin = buildAdmin(content.admin, listen.port, context);
  const config: Config = {
    listen,
    ...(admin !== undefined && { admin }),
    cors: buildCors(content.cors, problems),
    auth: {
      queryToken: auth.queryToken ?? true,
      jwt,
      ...(auth.connectorTokensFile !== undefined && {
        connectorTokensFile: resolveFile(["auth", "connectorTokensFile"], auth.connectorTokensFile),
      }),
      ...(auth.denyListFile !== undefined && {
        denyListFile: resolveFile(["auth", "denyListFile"], auth.denyListFile),
      }),
    },
    ice: buildIceSettings(content.ice, {
      ...context,
      secrets:
        secrets.accepted.length === 0 && dev !== undefined
          ? { accepted: [{ name: "--dev", key: dev.secret }], files: [] }
          : secrets,
      trustedProxies: listen.trustedProxies,
    }),
    limits: buildLimits(content.limits, context),
    reflection: content.reflection ?? true,
    diagnostics: content.diagnostics ?? dev !== undefined,
    log: { level: log.level ?? "info", format: log.format ?? "json" },
    shutdown: {
      delaySeconds: shutdown.delay ?? (dev === undefined ? 1 : 0),
      timeoutSeconds: shutdown.timeout ?? 10,
    },
  };
  problems.throwIfAny();
  return { config, warnings };
}
