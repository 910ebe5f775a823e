// Loaded into the program with --import: workers wait for the file that HOLD_UNTIL names, at their
// start or, with HOLD_AT=listen, when they are about to listen. They write `held` before.
import cluster from "node:cluster";
import dns from "node:dns";
import { existsSync, writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const isReleased = () => existsSync(process.env["HOLD_UNTIL"]);

if (cluster.isWorker && process.env["HOLD_AT"] === "listen") {
  const { lookup } = dns;
  dns.lookup = (...args) => {
    writeSync(2, "held\n");
    const timer = setInterval(() => {
      if (isReleased()) {
        clearInterval(timer);
        lookup(...args);
      }
    }, 20);
  };
  syncBuiltinESMExports();
} else if (cluster.isWorker) {
  writeSync(2, "held\n");
  const asleep = new Int32Array(new SharedArrayBuffer(4));
  while (!isReleased()) {
    Atomics.wait(asleep, 0, 0, 20);
  }
}
