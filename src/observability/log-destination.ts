import { write, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { DestinationStream } from "pino";
import { findErrorCode } from "../errors.js";
import { endsWithinLine, readFileSize } from "./file-end.js";
import { LineQueue } from "./line-queue.js";
import { escapeUnprintable } from "./printable-text.js";
import { WrittenChunk } from "./written-chunk.js";

const writeToDescriptor = promisify(write);

/** How long a line may wait for others to be written with, in milliseconds. */
const maxWaitMs = 10;
/** The pause before a write is repeated doubles with each failure, in milliseconds. */
const minRetryMs = 2;
const maxRetryMs = 100;
/** The longest pause while some of a chunk is still to be written: others may wait for its line. */
const maxRestRetryMs = 20;
/** How often the end of the file is looked at before the line of another process is given up. */
const maxLooks = 20;
/** How long the end of the process waits for the reader of the last lines, in milliseconds. */
const maxEndMs = 500;
const endPauseMs = 5;
/** Nothing was written, and nothing is wrong: the reader of a pipe is slow, or a signal came. */
const busyCodes: readonly (string | undefined)[] = ["EAGAIN", "EBUSY", "EINTR"];

export interface LogDestinationOptions {
  /** The open file, such as 2 for standard error. */
  readonly fd: number;
  /**
   * Called before each write, to put a pipe into non-blocking mode: a write that blocks would hold
   * one of libuv's threads, and the process cannot end before its threads have.
   */
  readonly setNonBlocking: () => void;
  /** The most that is written at once, in bytes; only a single line may be longer. */
  readonly maxWriteBytes: number;
  /** The most that waits in memory while writing is slow, in bytes; further lines are lost. */
  readonly maxWaitingBytes: number;
  /** Makes the line that appears where others were lost. */
  readonly describeGap: (lostLines: number, cause: string) => string;
}

/**
 * Writes log lines by the dozen, with one write at a time: under load, a write for each request
 * would cost more than the request.
 *
 * A line that cannot be written is lost and counted, and nothing waits for it. When writing works
 * again, a line says how many were lost. The log stays readable line by line: a line that was cut
 * is completed first.
 *
 * pino's own destination, sonic-boom, cannot do this. At the end of a process it repeats a failed
 * write forever, it keeps what failed without a way to drop it at the end of a line, and it does not
 * say which lines it has written.
 */
export class LogDestination implements DestinationStream {
  readonly #options: LogDestinationOptions;
  readonly #queue: LineQueue;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  /** What is written at the moment. */
  #chunk: WrittenChunk | undefined;
  /** Whether the operating system is at it. */
  #inFlight = false;
  /** The chunk that reports a gap, until some of it is in the log; and what it reports. */
  #gap: { readonly chunk: WrittenChunk; readonly lines: number } | undefined;
  /** How long the file was when a line was cut. Undefined for a pipe. */
  #cutAtSize: number | undefined;
  #lostLines = 0;
  #unreportedLines = 0;
  #cause = "";

  constructor(options: LogDestinationOptions) {
    this.#options = options;
    this.#queue = new LineQueue(options.maxWriteBytes, options.maxWaitingBytes);
    // Whatever ends the process, its last lines say why.
    process.once("exit", () => this.#writeLast());
  }

  /** How many lines could not be written since the start. */
  get lostLines(): number {
    return this.#lostLines;
  }

  /** @param line ends with a line feed. One for people may have several, and counts as one. */
  write(line: string): void {
    let text = line;
    let bytes = Buffer.byteLength(line);
    // Any other line is ASCII without DEL, with nothing to escape.
    if (bytes !== line.length || line.includes("\u007f")) {
      text = escapeUnprintable(line);
      bytes = Buffer.byteLength(text);
    }
    if (!this.#queue.add(text, bytes)) {
      this.#lose(1, "lines came faster than they could be written");
    }
    if (this.#queue.hasBatch) {
      this.#start();
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#queue.close();
      this.#start();
    }, maxWaitMs);
  }

  #start(): void {
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
  }

  async #run(): Promise<void> {
    let retryMs = minRetryMs;
    for (let chunk = this.#next(); chunk !== undefined; chunk = this.#next()) {
      const problem = await this.#write(chunk);
      if (problem === undefined) {
        retryMs = minRetryMs;
        continue;
      }
      // The end of the process does not wait for the log.
      await sleep(retryMs, undefined, { ref: false });
      retryMs = Math.min(2 * retryMs, this.#chunk === undefined ? maxRetryMs : maxRestRetryMs);
      if (problem === "failed") {
        await this.#findLineStart();
      }
    }
    this.#running = false;
  }

  /** The rest of what was begun, then the report of a gap, then more lines. */
  #next(): WrittenChunk | undefined {
    if (this.#chunk?.isWritten) {
      this.#chunk = undefined;
    }
    this.#chunk ??= this.#reportGap() ?? this.#takeBatch();
    return this.#chunk;
  }

  #reportGap(): WrittenChunk | undefined {
    const lines = this.#unreportedLines;
    // The lines before the gap come first.
    if (lines === 0 || this.#queue.isBlocked) {
      return undefined;
    }
    this.#queue.reopen();
    const text = this.#options.describeGap(lines, this.#cause);
    const chunk = new WrittenChunk(text, [Buffer.byteLength(text)]);
    this.#gap = { chunk, lines };
    return chunk;
  }

  #takeBatch(): WrittenChunk | undefined {
    const batch = this.#queue.take();
    return batch && new WrittenChunk(batch.text, batch.ends);
  }

  async #write(chunk: WrittenChunk): Promise<"busy" | "failed" | undefined> {
    try {
      this.#inFlight = true;
      const { bytes, offset } = chunk;
      this.#options.setNonBlocking();
      const { bytesWritten } = await writeToDescriptor(this.#options.fd, bytes, offset);
      this.#inFlight = false;
      this.#advance(chunk, bytesWritten);
      return bytesWritten === 0 ? "busy" : undefined;
    } catch (error) {
      this.#inFlight = false;
      const code = findErrorCode(error);
      if (busyCodes.includes(code)) {
        return "busy";
      }
      this.#abandon(chunk, code ?? "unknown");
      this.#cutAtSize = this.#chunk && (await readFileSize(this.#options.fd));
      return "failed";
    }
  }

  #advance(chunk: WrittenChunk, bytes: number): void {
    chunk.advance(bytes);
    if (this.#gap?.chunk === chunk && bytes > 0) {
      this.#unreportedLines -= this.#gap.lines;
      this.#gap = undefined;
    }
  }

  #abandon(chunk: WrittenChunk, cause: string): void {
    const { rest, lostLines } = chunk.abandon();
    this.#chunk = rest;
    // A report that did not get out is made again.
    const ownLines = this.#gap?.chunk === chunk ? 0 : lostLines;
    this.#gap = undefined;
    this.#lose(ownLines + this.#queue.clear(), cause);
  }

  #lose(lines: number, cause: string): void {
    this.#lostLines += lines;
    this.#unreportedLines += lines;
    this.#cause = cause;
  }

  /** Has the next write begin where a line does, whatever has become of the file meanwhile. */
  async #findLineStart(): Promise<void> {
    const { fd } = this.#options;
    const size = await readFileSize(fd);
    if (size === undefined || (this.#chunk !== undefined && size === this.#cutAtSize)) {
      return;
    }
    if (this.#chunk !== undefined) {
      // The file was emptied, or another process has written to it: the line cannot be completed.
      this.#chunk = undefined;
      this.#lose(1, this.#cause);
    }
    for (let looks = 1; await endsWithinLine(fd); looks += 1) {
      if (looks === maxLooks) {
        this.#chunk = new WrittenChunk("\n", []);
        return;
      }
      // Another process has begun this line, and gets the time to complete it.
      await sleep(maxRetryMs, undefined, { ref: false });
    }
  }

  /** Writes what is left at the end of the process, if that can be done soon. */
  #writeLast(): void {
    const endsAtMs = performance.now() + maxEndMs;
    const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    this.#queue.close();
    if (this.#inFlight) {
      // Node lets that write finish.
      this.#chunk = undefined;
    }
    for (let chunk = this.#next(); chunk !== undefined; chunk = this.#next()) {
      try {
        this.#options.setNonBlocking();
        this.#advance(chunk, writeSync(this.#options.fd, chunk.bytes, chunk.offset));
      } catch (error) {
        if (!busyCodes.includes(findErrorCode(error))) {
          return;
        }
        Atomics.wait(pause, 0, 0, endPauseMs);
      }
      if (performance.now() > endsAtMs) {
        return;
      }
    }
  }
}
