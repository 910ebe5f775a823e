import type { ProbeConfig } from "./config.js";
import type { ProbeFileSection } from "./file-schema.js";
import type { ProblemList } from "./problem-list.js";

const defaultIntervalSeconds = 30;
const longestIntervalSeconds = 3600;
const defaultTimeoutSeconds = 5;

/** Builds `ice.turn.probe`; what is wrong with it joins the problems. */
export function buildProbe(
  {
    interval = defaultIntervalSeconds,
    timeout,
    failures,
    successes,
    concurrency,
  }: ProbeFileSection,
  problems: ProblemList,
): ProbeConfig {
  const path = ["ice", "turn", "probe"];
  if (interval < 1 || interval > longestIntervalSeconds) {
    problems.add([...path, "interval"], "is not between 1s and 1h", "Write 30s, for example");
  }
  const timeoutSeconds = timeout ?? Math.min(defaultTimeoutSeconds, interval);
  if (timeoutSeconds < 1 || timeoutSeconds > interval) {
    problems.add(
      [...path, "timeout"],
      "is not between 1s and ice.turn.probe.interval",
      "Write 5s, for example",
    );
  }
  return {
    intervalSeconds: interval,
    timeoutSeconds,
    failures: failures ?? 3,
    successes: successes ?? 2,
    concurrency: concurrency ?? 8,
  };
}
