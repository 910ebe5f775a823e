import { stat } from "node:fs/promises";
import { findErrorCode } from "../errors.js";
import { absentVersion, printVersion } from "./disk-files.js";
import { isTransientCode } from "./read-failure.js";

/** How often files are looked at, in milliseconds. */
const defaultIntervalMs = 500;

/**
 * Reports when one of some files has changed and all have come to rest. It asks for their state now
 * and then rather than for events, which are not sent for network and overlay file systems, nor for
 * the links by which Kubernetes swaps a volume's content.
 */
export class FileWatch {
  readonly #onChange: () => void;
  readonly #timer: NodeJS.Timeout;
  #known: ReadonlyMap<string, string>;
  /** What differed from what is known when last looked at. */
  #unsettled: string | undefined;
  #looking = false;

  /** @param versions of the files to watch, as {@link DiskFiles} has read them */
  constructor(
    versions: ReadonlyMap<string, string>,
    onChange: () => void,
    intervalMs = defaultIntervalMs,
  ) {
    this.#known = versions;
    this.#onChange = onChange;
    this.#timer = setInterval(() => void this.#look(), intervalMs).unref();
  }

  /** Watches these from now on. */
  follow(versions: ReadonlyMap<string, string>): void {
    this.#known = versions;
    this.#unsettled = undefined;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#looking) {
      return;
    }
    this.#looking = true;
    const known = this.#known;
    const now = new Map<string, string>();
    // One at a time: a file system that does not answer must not take every thread of Node's pool,
    // where tokens are verified and the log is written.
    for (const [file, version] of known) {
      now.set(file, await findVersion(file, version));
    }
    this.#looking = false;
    if (this.#known !== known) {
      return; // What was known has been replaced meanwhile.
    }
    const changed = [...now]
      .filter(([file, version]) => version !== known.get(file))
      .flat()
      .join("\n");
    if (changed !== "" && changed === this.#unsettled) {
      // Reported once, even if the listener cannot read it.
      this.#known = now;
      this.#unsettled = undefined;
      this.#onChange();
    } else {
      // Somebody may still be writing: once more.
      this.#unsettled = changed;
    }
  }
}

/** If the system cannot answer for now, that says nothing about the file. */
function findVersion(file: string, known: string): Promise<string> {
  return stat(file).then(printVersion, (error) =>
    isTransientCode(findErrorCode(error) ?? "") ? known : absentVersion,
  );
}
