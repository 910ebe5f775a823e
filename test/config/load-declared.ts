import { stringify } from "yaml";
import type { Kind } from "../../src/config/kind.js";
import { loadDeclared } from "../../src/config/load-config.js";
import { problemsOf } from "../config-problems.js";
import { MemoryFiles } from "../parts/memory-files.js";

/** Loads a configuration that is declared by a test. */
export function load<Config>(
  root: Kind<Config>,
  content: object,
  env: Readonly<Record<string, string>> = {},
) {
  const files = new MemoryFiles({ "ice.yaml": stringify(content), "a.secret": "a".repeat(32) });
  return loadDeclared(root, { file: "/etc/ice.yaml", env, files });
}

/** What is wrong with it, a line for each problem. */
export function findProblems(
  root: Kind,
  content: object,
  env: Readonly<Record<string, string>> = {},
): readonly string[] {
  return problemsOf(() => load(root, content, env)).map(
    ({ key, problem, fix }) => `${key}: ${problem}. ${fix}`,
  );
}
