import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * What a TypeScript file imports, types included: packages and Node's modules by their name, files by
 * their absolute path.
 */
export function readImports(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)]
    .map(([, specifier = ""]) => specifier)
    .map((specifier) =>
      specifier.startsWith(".")
        ? resolve(dirname(file), specifier.replace(/\.js$/, ".ts"))
        : specifier,
    );
}
