import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const list = readFileSync(join(import.meta.dirname, "python-tools.txt"), "utf8");

/** The environment of a package of python-tools.txt, where install-tools.sh has put it. */
export function findPythonTool(name: string): string {
  const [, version] = new RegExp(`^${name} (\\S+)$`, "m").exec(list) ?? [];
  if (version === undefined) {
    throw new Error(`python-tools.txt has no package ${name}`);
  }
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "ice-service", "python-tools", `${name}@${version}`);
}

/** A file that such a package ships. */
export function findPythonFile(name: string, file: string): string {
  const folder = findPythonTool(name);
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((path) =>
    path.endsWith(`/${file}`),
  );
  if (found === undefined) {
    throw new Error(`${folder} has no ${file}`);
  }
  return join(folder, found);
}
