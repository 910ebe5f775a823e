import { duration } from "../config/duration.js";
import { optionalKey } from "../config/key.js";
import type { ValueOf } from "../config/kind.js";
import { section } from "../config/section.js";

const fix = "Write 45s, for example, or remove the key to turn repeats off";

/** Watches of ICE server lists. */
export const watchSection = section({
  repeat: optionalKey(duration({ min: "1s", max: "24h", fix }), {
    example: "45s",
    defaultText: "off",
    help: "A watch that has sent nothing for this long, or for up to a quarter less, sends its list again, so that HTTP proxies keep the stream open. Use at most three quarters of the proxy's timeout.",
  }),
});

export type WatchConfig = ValueOf<typeof watchSection>;
