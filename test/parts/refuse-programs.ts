import childProcess, { ChildProcess } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, expect } from "vitest";

// The setup of unit tests: what starts a program throws, and the file fails even if that is caught.
let refused: string[] = [];

/** What was refused so far in this file; it is then forgotten. */
export function takeRefused(): readonly string[] {
  const taken = refused;
  refused = [];
  return taken;
}

function refuse(first: unknown): never {
  // Of ChildProcess.spawn, which all that is asynchronous goes through, the options.
  const program =
    typeof first === "object" && first !== null && "file" in first ? first.file : first;
  refused.push(String(program));
  throw new Error(
    `A unit test must not start a program (${String(program)}). Name the file *.system.test.ts.`,
  );
}

Reflect.set(ChildProcess.prototype, "spawn", refuse);
childProcess.spawnSync = refuse;
childProcess.execSync = refuse;
childProcess.execFileSync = refuse;
syncBuiltinESMExports();

afterAll(() => {
  expect(takeRefused(), "programs that this file has tried to start").toEqual([]);
});
