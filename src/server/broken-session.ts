import type { Socket } from "node:net";
import { toPlainAddress } from "../ip-address.js";
import type { Logger } from "../observability/logger.js";

/** Takes what ends an HTTP/2 connection before its time: a broken rule, or a flood. */
export type BrokenSessionListener = (error: NodeJS.ErrnoException, socket: Socket) => void;

/** A client that goes away does no harm. */
const goneCodes = new Set(["ECONNRESET", "EPIPE"]);

/** Logs one line for each such connection: its streams may never have become requests. */
export function createBrokenSessionListener(log: Logger): BrokenSessionListener {
  return ({ code, message }, { remoteAddress }) => {
    if (code === undefined || !goneCodes.has(code)) {
      const fields = { protocol: "http", remoteAddress: toPlainAddress(remoteAddress) };
      log.info({ ...fields, cause: message }, "HTTP/2 connection ended");
    }
  };
}
