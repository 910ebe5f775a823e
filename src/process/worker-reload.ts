import type { FileContents } from "../files/file-contents.js";
import type { Logger } from "../observability/logger.js";
import { retryDelayMs } from "./backoff.js";

export interface WorkerReloadOptions {
  /** Puts these files into effect; throws when they cannot be, and nothing is changed then. */
  readonly apply: (contents: FileContents) => void;
  /** Called when the files could not be put into effect, and when they are at last. */
  readonly onOutcome: (succeeded: boolean) => void;
  readonly log: Logger;
}

/**
 * Applies what the primary process has read and checked. A failure here is a problem of this process
 * alone, such as a lack of file descriptors: it is tried again until it succeeds or newer files come.
 */
export class WorkerReload {
  readonly #options: WorkerReloadOptions;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: WorkerReloadOptions) {
    this.#options = options;
  }

  use(contents: FileContents): void {
    clearTimeout(this.#retryTimer);
    this.#try(contents, 1);
  }

  #try(contents: FileContents, tries: number): void {
    const { apply, onOutcome, log } = this.#options;
    try {
      apply(contents);
    } catch (error) {
      const retryInMs = retryDelayMs(tries);
      if (tries === 1) {
        log.error({ err: error, retryInMs }, "configuration not reloaded: the running one stays");
        onOutcome(false);
      }
      this.#retryTimer = setTimeout(() => this.#try(contents, tries + 1), retryInMs).unref();
      return;
    }
    if (tries > 1) {
      log.info({ trigger: "retry", tries }, "configuration reloaded");
      onOutcome(true);
    }
  }
}
