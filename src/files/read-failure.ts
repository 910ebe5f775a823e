import { FileReadError } from "./files.js";

const openFilesAdvice =
  "Raise the limit of open files (LimitNOFILE in a systemd unit, else ulimit -n), or lower listen.maxConnections";
const storageAdvice = "Check the disk or the network file system that holds the file";

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

const advice: Readonly<Record<string, string>> = {
  ...transientAdvice,
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
  /** Such as `cannot be read (ENOENT)`; follows the file's name. */
  readonly problem: string;
  readonly fix: string;
  /** The code of an error that may pass, else undefined. */
  readonly transientCode: string | undefined;
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
    problem: code === "ETOOLARGE" ? message.replace(/^it /, "") : `cannot be read (${code})`,
    fix: adviseOnCode(code),
    transientCode: isTransientCode(code) ? code : undefined,
  };
}
