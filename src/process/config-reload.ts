import { setImmediate as nextTurn } from "node:timers/promises";
import { ConfigError, findErrorCode } from "../errors.js";
import type { FileContents } from "../files/file-contents.js";
import { FileWatch } from "../files/file-watch.js";
import type { Files } from "../files/files.js";
import { HandedFiles } from "../files/handed-files.js";
import { isTransientCode } from "../files/read-failure.js";
import type { Logger } from "../observability/logger.js";
import type { ReloadCounts } from "../observability/reload-counts.js";
import type { LoadedConfig } from "../service-config.js";
import { retryDelayMs } from "./backoff.js";
import type { ConfigReading } from "./config-reading.js";

export interface ReloadOptions {
  /** The versions of the files that the running configuration was read from. */
  readonly versions: ReadonlyMap<string, string>;
  /**
   * Reads and checks the files, without keeping calls waiting.
   * @throws ConfigError (rejects with it) when that could not be done
   */
  readonly read: (signal: AbortSignal) => Promise<ConfigReading>;
  /** @throws ConfigError */
  readonly load: (files: Files) => LoadedConfig;
  /**
   * Puts it into effect.
   * @returns the keys whose change needs a restart
   * @throws ConfigError when it cannot be used; nothing is changed then
   */
  readonly apply: (
    loaded: LoadedConfig,
    contents: FileContents,
  ) => readonly string[] | Promise<readonly string[]>;
  /** Whether SIGHUP asks for it, too. */
  readonly atHangUp: boolean;
  readonly counts: ReloadCounts;
  readonly log: Logger;
}

type Trigger = "SIGHUP" | "file" | "retry";

/**
 * Loads the configuration anew at SIGHUP, and when one of the files has changed that it was read
 * from. A bad one changes nothing but the log. When the system, rather than a file, is why it failed,
 * it is tried again until it succeeds, or until a file changes or SIGHUP comes, which begin anew.
 * @returns what ends that
 */
export function reloadOnChange(options: ReloadOptions): () => void {
  const reload = new ConfigReload(options);
  const onHangUp = () => reload.request("SIGHUP");
  if (options.atHangUp) {
    process.on("SIGHUP", onHangUp);
  }
  return () => {
    process.off("SIGHUP", onHangUp);
    reload.close();
  };
}

/** One reload at a time. */
class ConfigReload {
  readonly #options: ReloadOptions;
  readonly #watch: FileWatch;
  readonly #closing = new AbortController();
  #goodVersions: ReadonlyMap<string, string>;
  #isRunning = false;
  /** What came while one ran, which may have read what is older than that. */
  #missed: Trigger | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  /** How often it was tried since it first failed for a reason that may pass. */
  #tries = 0;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#goodVersions = options.versions;
    this.#watch = new FileWatch(options.versions, () => this.request("file"));
  }

  request(trigger: Trigger): void {
    if (this.#isRunning) {
      if (this.#missed !== "SIGHUP") {
        this.#missed = trigger;
      }
      return;
    }
    this.#isRunning = true;
    void this.#run(trigger).finally(() => {
      this.#isRunning = false;
      const missed = this.#missed;
      this.#missed = undefined;
      if (missed !== undefined && !this.#closing.signal.aborted) {
        this.request(missed);
      }
    });
  }

  close(): void {
    this.#closing.abort();
    this.#watch.close();
    clearTimeout(this.#retryTimer);
  }

  async #run(trigger: Trigger): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#tries = trigger === "retry" ? this.#tries + 1 : 1;
    const { counts, log } = this.#options;
    let versions: ReadonlyMap<string, string> | undefined;
    try {
      const reading = await this.#options.read(this.#closing.signal);
      ({ versions } = reading);
      const { loaded, restartKeys } = await this.#use(reading);
      this.#goodVersions = versions;
      counts.add("success");
      log.info(
        { trigger, ...(this.#tries > 1 && { tries: this.#tries }) },
        "configuration reloaded",
      );
      for (const warning of loaded.warnings) {
        log.warn(warning);
      }
      if (restartKeys.length > 0) {
        log.warn({ keys: restartKeys }, "a restart is required to apply changes to these keys");
      }
    } catch (error) {
      if (this.#closing.signal.aborted) {
        return;
      }
      this.#tellFailure(trigger, error);
    }
    if (versions !== undefined) {
      // The good ones too: what was broken may be repaired by putting an old file back.
      this.#watch.follow(new Map([...this.#goodVersions, ...versions]));
      if (this.#missed === "file") {
        // If it differs from what was read, the watch says so again.
        this.#missed = undefined;
      }
    }
  }

  /** In steps, so that calls get their turn between them. */
  async #use({ result }: ConfigReading) {
    if (result instanceof ConfigError) {
      throw result;
    }
    await nextTurn();
    const loaded = this.#options.load(new HandedFiles(result));
    await nextTurn();
    this.#closing.signal.throwIfAborted();
    return { loaded, restartKeys: await this.#options.apply(loaded, result) };
  }

  #tellFailure(trigger: Trigger, error: unknown): void {
    const { counts, log } = this.#options;
    const isTransient =
      error instanceof ConfigError
        ? error.isTransient
        : isTransientCode(findErrorCode(error) ?? "");
    const retryInMs = retryDelayMs(this.#tries);
    counts.add(isTransient ? "retry" : "failure");
    if (isTransient) {
      this.#retryTimer = setTimeout(() => this.request("retry"), retryInMs).unref();
    }
    // A failure that repeats for such a reason is logged once.
    if (!isTransient || this.#tries === 1) {
      log.error(
        { trigger, ...describe(error), ...(isTransient && { retryInMs }) },
        "configuration not reloaded: the running one stays",
      );
    }
  }
}

function describe(error: unknown): object {
  if (!(error instanceof ConfigError)) {
    return { err: error };
  }
  const { problems, omittedCount } = error;
  return { problems, ...(omittedCount > 0 && { andMore: omittedCount }) };
}
