import { key } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import type { Place } from "../config/place.js";
import { port } from "../config/scalars.js";
import { section, sectionOrFalse } from "../config/section.js";
import { isLoopback, listenHost } from "./listen-config.js";

const defaultPort = 9090;

const host = checked(listenHost, (written, place) => {
  if (!isLoopback(written)) {
    place.warn(
      `admin.host ${written} is not a loopback address: anyone who can connect to it can read the metrics, without a token`,
    );
  }
  return written;
});

/** Where metrics are served; false: nowhere. */
export const adminSection = sectionOrFalse(
  section({
    host: key(host, {
      default: "127.0.0.1",
      variable: "ICE_ADMIN_HOST",
      restart: "for a new value",
      help: "Anyone who can connect can read the metrics. An address other than loopback causes a warning.",
    }),
    port: key(port, {
      default: defaultPort,
      variable: "ICE_ADMIN_PORT",
      restart: "for a new value",
      help: "0 picks a free port; the log line `ready` names it.",
    }),
  }),
);

type WrittenAdmin = ValueOf<typeof adminSection>;

export type AdminConfig = Exclude<WrittenAdmin, false> & {
  /** Whether nobody has asked for it: the service then starts even if the address is taken. */
  readonly isDefault: boolean;
};

/**
 * Completes `admin`, whose default depends on other keys.
 * @param admin undefined where nobody has configured it
 */
export function settleAdmin(
  admin: WrittenAdmin | undefined,
  listenPort: number,
  place: Place,
): AdminConfig | false {
  if (admin !== undefined) {
    return admin && { ...admin, isDefault: false };
  }
  if (place.isDev) {
    return false;
  }
  if (listenPort === defaultPort) {
    place.warn(`no metrics are served: listen.port is the default of admin.port, ${defaultPort}`);
    return false;
  }
  const usual = adminSection.read({}, place);
  return usual !== undefined && usual !== false && { ...usual, isDefault: true };
}
