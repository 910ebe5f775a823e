import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runProgram } from "../parts/child-process.js";

const list = readFileSync(join(import.meta.dirname, "go-tools.txt"), "utf8");
const moduleSchema = z.object({ Dir: z.string() });

/** The file of a program of go-tools.txt, where install-tools.sh has put it. */
export function findGoTool(name: string): string {
  const { version } = findTool(name);
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "ice-service", "go-tools", `${name}@${version}`, name);
}

/** Where Go keeps the source of a program's module, in the program's version. */
export async function findGoSource(name: string): Promise<string> {
  const { module, version } = findTool(name);
  const args = ["mod", "download", "-json", `${module}@${version}`];
  const { stdout } = await runProgram("go", args, { timeout: 60_000 });
  return moduleSchema.parse(JSON.parse(stdout)).Dir;
}

function findTool(name: string): { readonly module: string; readonly version: string } {
  for (const line of list.trim().split("\n")) {
    const [path = "", version = ""] = line.split(" ");
    if (path.endsWith(`/cmd/${name}`)) {
      return { module: path.slice(0, -`/cmd/${name}`.length), version };
    }
  }
  throw new Error(`go-tools.txt has no program ${name}`);
}
