// Loaded into the program with --import: kills it, as kill -9 does, before its n-th call of what
// changes files or starts programs. KILL_AT says which; the file KILL_LOG gets the calls before it.
import child from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const killAt = Number(process.env.KILL_AT);
const { writeFileSync } = fs;
let calls = 0;

for (const [module, names] of [
  [fs, ["renameSync", "writeFileSync"]],
  [child, ["spawn", "spawnSync"]],
]) {
  for (const name of names) {
    const original = module[name];
    module[name] = (...args) => {
      calls += 1;
      if (calls === killAt) {
        process.kill(process.pid, "SIGKILL");
        // The signal takes effect before this is left.
        while (true) {}
      }
      writeFileSync(process.env.KILL_LOG, `${name}\n`, { flag: "a" });
      return original(...args);
    };
  }
}
syncBuiltinESMExports();
