import type { OpenFiles } from "../server/open-files.js";
import type { LoadedConfig } from "../service-config.js";

/** Adds a warning when the process cannot have as many connections open as the configuration says. */
export function warnOfOpenFiles(loaded: LoadedConfig, openFiles: OpenFiles): LoadedConfig {
  const warning = openFiles.findWarning(loaded.config.listen.maxConnections);
  return warning === undefined ? loaded : { ...loaded, warnings: [...loaded.warnings, warning] };
}
