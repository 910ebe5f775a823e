import { key } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import { choice, fraction } from "../config/scalars.js";
import { section } from "../config/section.js";

const logKeys = section({
  level: key(choice("trace", "debug", "info", "warn", "error", "fatal", "silent"), {
    default: "info",
    variable: "ICE_LOG_LEVEL",
    help: "The least severe lines that are written.",
  }),
  format: key(choice("json", "pretty"), {
    default: "json",
    restart: "for a new value",
    help: "JSON, or pretty for people.",
  }),
  requests: key(choice("all", "errors", "none"), {
    default: "all",
    help: "Which requests get a line. errors: those that the client or the server made fail. none: only unexpected errors of the service. Metrics and traces do not change.",
  }),
  sample: key(fraction, {
    default: 1,
    help: "With requests: all, the share of requests that succeed that get a line, such as 0.01. Errors always get one.",
  }),
});

/** The log on standard error. */
export const logSection = checked(logKeys, (log, place) => {
  if (log.requests !== "all" && log.sample !== 1) {
    place.warn(`log.sample is ignored, because log.requests is ${log.requests}`);
  }
  return log;
});

export type LogConfig = ValueOf<typeof logSection>;
