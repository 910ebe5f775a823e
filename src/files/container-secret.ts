import { realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { findErrorCode } from "../errors.js";

/** Where Docker, Docker Compose, and Podman mount secrets; a link to the first on most systems. */
const secretDirectories = /^(\/var)?\/run\/secrets\//;

/**
 * Whether a container runtime has mounted a file as a secret: its mode is then that of the runtime, and
 * the file system often read-only. Kubernetes shows each version of a volume through a link named
 * `..data`.
 *
 * @param file that exists
 */
export function isContainerSecret(file: string): boolean {
  const realFile = realpathSync(file);
  return (
    secretDirectories.test(resolve(file)) ||
    secretDirectories.test(realFile) ||
    isBehindDataLink(realFile)
  );
}

/** Whether a directory above is what the link `..data` beside it leads to. */
function isBehindDataLink(realFile: string): boolean {
  for (let version = dirname(realFile); version !== dirname(version); version = dirname(version)) {
    const link = join(dirname(version), "..data");
    if (version !== link && findTarget(link) === version) {
      return true;
    }
  }
  return false;
}

function findTarget(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch (error) {
    if (findErrorCode(error) === undefined) {
      throw error;
    }
    return undefined;
  }
}
