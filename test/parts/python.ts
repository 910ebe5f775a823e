import { execFile } from "node:child_process";

export interface PythonOptions {
  readonly input?: string;
  readonly timeoutMs: number;
}

/**
 * Runs Debian's Python, since another one may come first on the PATH, and returns what it prints.
 * Throws with its standard error when it fails or takes too long.
 */
export function runPython(
  args: readonly string[],
  { input = "", timeoutMs }: PythonOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      "/usr/bin/python3",
      ["-I", "-B", ...args],
      { timeout: timeoutMs, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
        } else {
          reject(new Error(`python ended with ${error.signal ?? error.code}: ${stderr}`));
        }
      },
    );
    child.stdin?.end(input);
  });
}
