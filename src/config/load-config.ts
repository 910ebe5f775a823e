import type { KeyObject } from "node:crypto";
import { dirname, resolve } from "node:path";
import { FileReadError, type Files } from "../files/files.js";
import { buildJwtIssuer } from "./auth-section.js";
import { type Config, maxPemBytes } from "./config.js";
import { type ConfigSource, readConfigSource } from "./config-source.js";
import { readEnvironment } from "./environment.js";
import { buildIceSettings } from "./ice-section.js";
import { ProblemList } from "./problem-list.js";
import { readSecretFile, readSecretText, SecretError } from "./secret-file.js";

export interface LoadOptions {
  /** The configuration file; by default the one that ICE_CONFIG names, else none. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Files;
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
export function loadConfig({ file, env, files, dev }: LoadOptions): LoadedConfig {
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

  const { auth = {}, log = {}, shutdown = {} } = content;
  const jwt = (auth.jwt ?? []).flatMap((entry, index) => {
    const issuer = buildJwtIssuer(entry, index, { problems, warn, resolveFile, readSecret });
    return issuer === undefined ? [] : [issuer];
  });
  if (dev === undefined && !auth.jwt?.length && auth.connectorTokensFile === undefined) {
    problems.add(
      ["auth"],
      "names no way to authenticate callers",
      "Set auth.jwt or auth.connectorTokensFile (ice-service token new makes an entry), or start with --dev to try things out",
    );
  }
  const secrets = readTurnSecrets(source, env, problems, resolveFile, readSecret);
  const config: Config = {
    listen: buildListen(source, { dev: dev !== undefined, problems, files, resolveFile }),
    cors: { allowedOrigins: checkOrigins(content.cors?.allowedOrigins ?? ["*"], problems) },
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
      problems,
      warn,
      secrets: secrets.length === 0 && dev !== undefined ? [dev.secret] : secrets,
      dev: dev !== undefined,
    }),
    limits: {
      watches: content.limits?.watches ?? 10_000,
      watchesPerCaller: content.limits?.watchesPerCaller ?? 100,
    },
    reflection: content.reflection ?? true,
    log: { level: log.level ?? "info", format: log.format ?? "json" },
    shutdown: {
      delaySeconds: shutdown.delay ?? (dev === undefined ? 1 : 0),
      timeoutSeconds: shutdown.timeout ?? 10,
    },
  };
  problems.throwIfAny();
  return { config, warnings };
}

type ResolveFile = (path: readonly PropertyKey[], name: string) => string;

function buildListen(
  { content }: ConfigSource,
  {
    dev,
    problems,
    files,
    resolveFile,
  }: { dev: boolean; problems: ProblemList; files: Files; resolveFile: ResolveFile },
): Config["listen"] {
  const {
    host = dev ? "127.0.0.1" : "0.0.0.0",
    port = 8080,
    maxConnections = 20_000,
    tls,
  } = content.listen ?? {};
  if (dev && !/^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host)) {
    problems.add(
      ["listen", "host"],
      `${host} can be reached from elsewhere, which --dev does not allow`,
      "Use 127.0.0.1, or configure authentication and leave --dev out",
    );
  }
  if (tls === undefined) {
    return { host, port, maxConnections };
  }
  const resolveReadable = (key: "certFile" | "keyFile" | "clientCaFile", name: string) => {
    const path = ["listen", "tls", key];
    const file = resolveFile(path, name);
    try {
      files.read(file, maxPemBytes);
    } catch (error) {
      if (!(error instanceof FileReadError)) {
        throw error;
      }
      problems.add(
        path,
        `cannot read ${file}`,
        "Give the path of a PEM file that this process may read",
      );
    }
    return file;
  };
  return {
    host,
    port,
    maxConnections,
    tls: {
      certFile: resolveReadable("certFile", tls.certFile),
      keyFile: resolveReadable("keyFile", tls.keyFile),
      ...(tls.clientCaFile !== undefined && {
        clientCaFile: resolveReadable("clientCaFile", tls.clientCaFile),
      }),
    },
  };
}

function checkOrigins(origins: readonly string[], problems: ProblemList): readonly string[] {
  const path = ["cors", "allowedOrigins"];
  if (origins.includes("*") && origins.length > 1) {
    problems.add(path, "has * beside other origins", "Write * alone, or the origins without it");
  }
  for (const [index, origin] of origins.entries()) {
    if (origin !== "*" && !(URL.canParse(origin) && new URL(origin).origin === origin)) {
      const fix = "Write it as browsers send it, such as https://app.example.com, without a path";
      problems.add([...path, index], `${JSON.stringify(origin)} is not an origin`, fix);
    }
  }
  return origins;
}

/** The first signs; the others are read too, so that a broken one shows before it is needed. */
function readTurnSecrets(
  { content, fromEnvironment }: ConfigSource,
  env: LoadOptions["env"],
  problems: ProblemList,
  resolveFile: ResolveFile,
  readSecret: (path: readonly PropertyKey[], name: string) => KeyObject | undefined,
): KeyObject[] {
  const path = ["ice", "turn", "secretFiles"];
  const text = env["ICE_TURN_SECRET"];
  if (text !== undefined && text !== "") {
    if (fromEnvironment(path)) {
      problems.add(path, "is set beside ICE_TURN_SECRET", "Set one of the two");
    }
    try {
      return [readSecretText(text)];
    } catch (error) {
      addSecretProblem(error, ["ICE_TURN_SECRET"], problems);
      return [];
    }
  }
  return (content.ice?.turn?.secretFiles ?? []).flatMap((name, index) => {
    const secret = readSecret([...path, index], resolveFile(path, name));
    return secret === undefined ? [] : [secret];
  });
}

function addSecretProblem(
  error: unknown,
  path: readonly PropertyKey[],
  problems: ProblemList,
): undefined {
  if (!(error instanceof SecretError)) {
    throw error;
  }
  problems.add(path, error.message, error.fix);
}
