import { FileReadError } from "./files.js";

const openFilesAdvice =
  "Raise the limit of open files (LimitNOFILE in a systemd unit, else ulimit -n), or lower listen.maxConnections";
const storageAdvice = "Check the disk or the network file system that contains the file";

/**
 * What to do about errors of the operating system that say nothing about the file: each may pass by
 * itself, and the next try may succeed.
 */
const transientAdvice: Readonly<Record<string, string>> = {
  EMFILE: openFilesAdvice,
  ENFILE: "Close files on this machine, or raise the kernel's limit (sysctl fs.file-max)",
  ENOMEM: "Give the machine or the container more memory",
  EIO: storageAdvice,
  ESTALE: storageAdvice,
  ETIMEDOUT: storageAdvice,
  EAGAIN: "Try again",
  EBUSY: "Try again",
  EINTR: "Try again",
};

/** What the codes mean. A code without an entry is shown alone. */
const meanings: Readonly<Record<string, string>> = {
  EMFILE: "this process has too many open files",
  ENFILE: "this machine has too many open files",
  ENOMEM: "out of memory",
  EIO: "input/output error",
  ESTALE: "the network file handle is stale",
  ETIMEDOUT: "timed out",
  EBUSY: "the file is busy",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
};

const advice: Readonly<Record<string, string>> = {
  ...transientAdvice,
  ENOENT: "Correct the name, or create the file",
  ENOTDIR: "Correct the name",
  ENOTFILE: "Name a regular file",
  EACCES: "Let this process's user read the file, and search the directories above it",
  EPERM: "Let this process's user read the file",
  ELOOP: "Remove the circle of symbolic links",
  ETOOLARGE: "Check that it is the right file",
};

/** What to do about an error of this code. */
export function adviseOnCode(code: string): string {
  return advice[code] ?? "Name a file that exists and that this process may read";
}

/** Whether the error of this code may pass while the file stays as it is. */
export function isTransientCode(code: string): boolean {
  return Object.hasOwn(transientAdvice, code);
}

/** Why a file cannot be read, in the words of a configuration problem. */
export interface ReadFailure {
  /** Such as `does not exist (ENOENT)`; follows the file's name. */
  readonly problem: string;
  readonly fix: string;
  /** The code of an error that may pass, else undefined. */
  readonly transientCode: string | undefined;
  /** Whether there is no file of this name. */
  readonly isNameWrong: boolean;
}

/**
 * Says why a file cannot be read, and what to do.
 * @throws what is no {@link FileReadError}
 */
export function describeReadFailure(error: unknown): ReadFailure {
  if (!(error instanceof FileReadError)) {
    throw error;
  }
  const { code, message } = error;
  return {
    problem: describeCode(code) ?? message,
    fix: adviseOnCode(code),
    transientCode: isTransientCode(code) ? code : undefined,
    isNameWrong: ["ENOENT", "ENOTDIR", "ENOTFILE"].includes(code),
  };
}

/** @returns undefined for our own codes, whose messages say more */
function describeCode(code: string): string | undefined {
  switch (code) {
    case "ETOOLARGE":
    case "ENOTFILE":
      return undefined;
    case "ENOENT":
      return "does not exist (ENOENT)";
    case "ENOTDIR":
      return "does not exist, because part of its path is not a directory (ENOTDIR)";
    default: {
      const meaning = meanings[code];
      return `cannot be read${meaning === undefined ? "" : `: ${meaning}`} (${code})`;
    }
  }
}
