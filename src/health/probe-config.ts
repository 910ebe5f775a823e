import { duration } from "../config/duration.js";
import { key, optionalKey } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import { choice, wholeNumber } from "../config/scalars.js";
import { section } from "../config/section.js";

const usualTimeoutSeconds = 5;
const smallCount = wholeNumber(1, 100);

/** How URLs are probed, including those of STUN. */
export const probeSection = checked(
  section({
    interval: key(duration({ min: "1s", max: "1h", fix: "Write 30s, for example" }), {
      default: "30s",
      help: "How often each URL is probed.",
    }),
    timeout: optionalKey(duration(), {
      example: "5s",
      defaultText: "5s, or interval if that is less",
      help: "How long a probe may take; from 1s to interval.",
    }),
    failures: key(smallCount, {
      default: 3,
      help: "Failures in a row until a URL is left out.",
    }),
    successes: key(smallCount, {
      default: 2,
      help: "Successes in a row until it is included again.",
    }),
    relay: key(choice("auto", "require", "off"), {
      default: "auto",
      help: "Whether packets must cross each relay: auto takes out a URL for this only after they once have; require always.",
    }),
    concurrency: key(smallCount, { default: 8, help: "How many URLs are probed at a time." }),
  }),
  (probe, place) => {
    const { intervalSeconds } = probe;
    const { timeoutSeconds = Math.min(usualTimeoutSeconds, intervalSeconds) } = probe;
    return timeoutSeconds < 1 || timeoutSeconds > intervalSeconds
      ? place
          .at("timeout")
          .refuse("is not between 1s and ice.turn.probe.interval", "Write 5s, for example")
      : { ...probe, timeoutSeconds };
  },
);

export type ProbeConfig = ValueOf<typeof probeSection>;
/** The effect of a failed test of the relay. */
export type RelayPolicy = ProbeConfig["relay"];
