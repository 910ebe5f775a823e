import { mkdir } from "node:fs/promises";
import { runProgram } from "./child-process.js";

/** Makes a certificate database for browsers that trusts an authority for servers. */
export async function createNssDatabase(directory: string, caFile: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const certutil = (...args: string[]) =>
    runProgram("certutil", [...args, "-d", `sql:${directory}`]);
  await certutil("-N", "--empty-password");
  await certutil("-A", "-n", "tests", "-t", "C,,", "-i", caFile);
}
