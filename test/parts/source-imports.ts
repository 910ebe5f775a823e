import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * What a TypeScript file imports, types included: packages and Node's modules by their name, files by
 * their absolute path.
 */
export function readImports(file: string): string[] {
  return findImports(file, readFileSync(file, "utf8"));
}

/** The same without types: what Node loads. */
export function readLoads(file: string): string[] {
  return findImports(
    file,
    readFileSync(file, "utf8").replace(/^(import|export) type [^;]+;/gm, ""),
  );
}

function findImports(file: string, text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)]
    .map(([, specifier = ""]) => specifier)
    .map((specifier) =>
      specifier.startsWith(".")
        ? resolve(dirname(file), specifier.replace(/\.js$/, ".ts"))
        : specifier,
    );
}
