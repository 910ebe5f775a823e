import { fstat } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";

const statDescriptor = promisify(fstat);
const lineFeed = 0x0a;

/**
 * How long an open file is, in bytes. Undefined for what has no length, such as a pipe, and for what
 * cannot be asked.
 */
export async function readFileSize(fd: number): Promise<number | undefined> {
  try {
    const stats = await statDescriptor(fd);
    return stats.isFile() ? stats.size : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether an open file ends in the middle of a line. False for one that cannot be read: standard
 * error is often open for writing only, and must be opened anew (Linux).
 */
export async function endsWithinLine(fd: number): Promise<boolean> {
  try {
    const file = await open(`/proc/self/fd/${fd}`, "r");
    try {
      const { size } = await file.stat();
      const { bytesRead, buffer } = await file.read({
        buffer: Buffer.alloc(1),
        position: Math.max(0, size - 1),
      });
      return bytesRead === 1 && buffer[0] !== lineFeed;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
