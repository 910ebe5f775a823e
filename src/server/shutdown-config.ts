import { duration } from "../config/duration.js";
import { key } from "../config/key.js";
import { section } from "../config/section.js";

/** Node's timers reach 24.8 days. A longer one would end at once. */
const max = "24h";

/** How the service ends. */
export const shutdownSection = section({
  delay: key(duration({ max }), {
    default: "1s",
    devDefault: "0s",
    help: "After SIGTERM: not ready, but still accepting, so that load balancers notice.",
  }),
  timeout: key(duration({ max }), {
    default: "10s",
    help: "Then: the time for calls in progress to finish. Watches that are still open end with UNAVAILABLE.",
  }),
});
