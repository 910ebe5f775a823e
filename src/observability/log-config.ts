import { key } from "../config/key.js";
import type { ValueOf } from "../config/kind.js";
import { choice } from "../config/scalars.js";
import { section } from "../config/section.js";

/** The log on standard error. */
export const logSection = section({
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
});

export type LogConfig = ValueOf<typeof logSection>;
