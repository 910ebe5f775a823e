import type { LoadedConfig } from "../config/load-config.js";
import { ConfigError } from "../errors.js";
import { DiskFiles } from "../files/disk-files.js";
import { FileWatch } from "../files/file-watch.js";
import type { Files } from "../files/files.js";
import type { Logger } from "../observability/logger.js";
import type { ReloadCounts } from "../observability/reload-counts.js";

export interface ReloadOptions {
  /** What the running configuration was read from. */
  readonly files: DiskFiles;
  /** @throws ConfigError */
  readonly load: (files: Files) => LoadedConfig;
  /**
   * Puts it into effect.
   * @returns the keys whose change needs a restart
   * @throws ConfigError when it cannot be used; nothing is changed then
   */
  readonly apply: (loaded: LoadedConfig, files: DiskFiles) => readonly string[];
  /** Whether SIGHUP asks for it, too. */
  readonly atHangUp: boolean;
  readonly counts: ReloadCounts;
  readonly log: Logger;
}

/**
 * Loads the configuration anew at SIGHUP, and when one of the files has changed that it was read
 * from. A bad one changes nothing but the log.
 * @returns what ends that
 */
export function reloadOnChange({
  files,
  load,
  apply,
  atHangUp,
  counts,
  log,
}: ReloadOptions): () => void {
  let goodVersions = files.versions;
  const reload = (trigger: "SIGHUP" | "file") => {
    const nextFiles = new DiskFiles();
    try {
      const loaded = load(nextFiles);
      const restartKeys = apply(loaded, nextFiles);
      goodVersions = nextFiles.versions;
      counts.add(true);
      log.info({ trigger }, "configuration reloaded");
      for (const warning of loaded.warnings) {
        log.warn(warning);
      }
      if (restartKeys.length > 0) {
        log.warn({ keys: restartKeys }, "these keys have changed, which needs a restart");
      }
    } catch (error) {
      counts.add(false);
      const what = error instanceof ConfigError ? { problems: error.problems } : { err: error };
      log.error({ trigger, ...what }, "configuration not reloaded: the running one stays");
    }
    // The good ones too: what was broken may be mended by putting an old file back.
    watch.follow(new Map([...goodVersions, ...nextFiles.versions]));
  };
  const watch = new FileWatch(files.versions, () => reload("file"));
  const onHangUp = () => reload("SIGHUP");
  if (atHangUp) {
    process.on("SIGHUP", onHangUp);
  }
  return () => {
    watch.close();
    process.off("SIGHUP", onHangUp);
  };
}
