// Loaded into the program with --import: workers do nothing before the file exists that HOLD_UNTIL
// names.
import cluster from "node:cluster";
import { existsSync } from "node:fs";

const file = process.env["HOLD_UNTIL"] ?? "";
const asleep = new Int32Array(new SharedArrayBuffer(4));
while (cluster.isWorker && !existsSync(file)) {
  Atomics.wait(asleep, 0, 0, 20);
}
