// Loaded into the program with --import: at SIGUSR2, writes into the file CALL_COUNTS.<pid> how often the
// function of the program was called that was called most often since the last time, on the main
// thread.
import { renameSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  process.on("SIGUSR2", () => {
    session.post("Profiler.takePreciseCoverage", (error, coverage) => {
      const functions = (coverage?.result ?? [])
        .filter(({ url }) => url.includes("/dist/"))
        .flatMap((script) => script.functions);
      const counts = functions.map(({ functionName, ranges }) => [ranges[0].count, functionName]);
      const [most] = counts.sort(([one], [other]) => other - one);
      const file = `${process.env.CALL_COUNTS}.${process.pid}`;
      writeFileSync(`${file}.new`, JSON.stringify(error ?? most));
      renameSync(`${file}.new`, file);
    });
  });
}
