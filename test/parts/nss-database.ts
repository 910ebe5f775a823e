import { mkdir } from "node:fs/promises";
import { runProgram } from "./child-process.js";

/** Makes the database of certificates that browsers read, in which an authority is trusted for servers. */
export async function createNssDatabase(directory: string, caFile: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const certutil = (...args: string[]) =>
    runProgram("certutil", [...args, "-d", `sql:${directory}`]);
  await certutil("-N", "--empty-password");
  await certutil("-A", "-n", "tests", "-t", "C,,", "-i", caFile);
}
