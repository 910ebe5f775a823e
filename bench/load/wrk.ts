import { join } from "node:path";
import { z } from "zod";
import { runProgram } from "../../test/parts/child-process.js";
import { packageRoot } from "../package-root.js";
import type { Load, LoadResult } from "./load.js";

const script = join(packageRoot, "bench/load/wrk.lua");

const resultSchema = z.object({
  calls: z.int(),
  seconds: z.number(),
  bytes: z.int(),
  errors: z.int(),
  outOfTokens: z.boolean(),
});

/** Loads a server over HTTP/1.1, one call at a time on each connection. */
export async function runWrk(load: Load): Promise<LoadResult> {
  const { call, url, seconds, callsInFlight, tokens } = load;
  const headers = Object.entries(call.headers);
  if (tokens.kind === "same") {
    headers.push(["Authorization", `Bearer ${tokens.token}`]);
  }
  const { stdout } = await runProgram("wrk", [
    "-t1",
    `-c${callsInFlight}`,
    `-d${seconds}s`,
    "--timeout=10s",
    `--script=${script}`,
    ...headers.map(([name, value]) => `--header=${name}: ${value}`),
    `${url}${call.path}`,
    "--",
    call.method,
    call.body?.toString("latin1") ?? "",
    ...(tokens.kind === "same" ? [] : [tokens.kind, tokens.file]),
  ]);
  const lastLine = stdout.trim().split("\n").at(-1) ?? "";
  return resultSchema.parse(JSON.parse(lastLine));
}
