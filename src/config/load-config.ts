import type { KeyObject } from "node:crypto";
import type { Files } from "../files/files.js";
import { readConfigSource } from "./config-source.js";
import { listKeys } from "./declared-keys.js";
import { fileVariable, readEnvironment } from "./environment.js";
import { refuseFlaw } from "./free-text.js";
import type { Kind } from "./kind.js";
import { adviseOnKey } from "./misplaced-key.js";
import { type Environment, Place, type UnknownKey } from "./place.js";
import { ProblemCollection } from "./problem-collection.js";

export interface LoadOptions {
  /** The configuration file; by default the one that ICE_CONFIG names, else none. */
  readonly file?: string | undefined;
  readonly env: Environment;
  readonly files: Files;
  /** False where nobody is served: then a configuration without authentication is accepted. */
  readonly needsCallers?: boolean;
  /** Development: loopback only, no authentication needed, this TURN secret unless one is configured. */
  readonly dev?: { readonly secret: KeyObject };
}

export interface Loaded<Config> {
  readonly config: Config;
  /** What works, but is probably not meant. */
  readonly warnings: readonly string[];
}

/**
 * Loads a configuration: file, then variables over it, then defaults.
 *
 * @param root declares all of its keys
 * @throws ConfigError with everything that is wrong
 */
export function loadDeclared<Config>(
  root: Kind<Config>,
  { file = undefined, env, files, needsCallers = true, dev }: LoadOptions,
): Loaded<Config> {
  const configFile = file ?? (env[fileVariable] || undefined);
  refuseFlaw(file === undefined ? fileVariable : "--config", configFile ?? "");
  const keys = listKeys(root);
  const overlay = readEnvironment(keys, env);
  const { content, findVariable, ...source } = readConfigSource(configFile, overlay.entries, files);
  const warnings = [...overlay.warnings, ...source.warnings];
  const problems = new ProblemCollection();
  const context = {
    problems,
    warn: (text: string) => void warnings.push(text),
    dev,
    needsCallers,
    adviseOnKey: (key: UnknownKey) => adviseOnKey(key, keys),
    env,
    files,
    file: configFile,
    findVariable,
  };
  const config = root.read(content, new Place([], context));
  problems.throwIfAny();
  if (config === undefined) {
    throw new Error("a part of the configuration was refused without a problem");
  }
  return { config, warnings };
}
