import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where package.json lies, from the sources as well as from what is compiled of them. */
export const packageRoot = findPackageRoot(import.meta.dirname);

function findPackageRoot(directory: string): string {
  return existsSync(join(directory, "package.json"))
    ? directory
    : findPackageRoot(dirname(directory));
}
