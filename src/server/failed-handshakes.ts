import { findErrorCode } from "../errors.js";
import type { Guard } from "../http/guard.js";
import type { Logger } from "../observability/logger.js";
import { isClientGone } from "./gone-client.js";
import { PacedCount } from "./paced-count.js";

/** OpenSSL recognizes the method of an HTTP request where a TLS record should begin. */
const plainHttpCode = "ERR_SSL_HTTP_REQUEST";

/** Logs TLS handshakes that fail, but not one by one. */
export class FailedHandshakes {
  readonly #plainHttp: PacedCount;
  readonly #others: PacedCount;
  #lastCode: string | undefined;

  constructor(log: Pick<Logger, "info">, guard: Guard) {
    const message = "TLS handshakes failed";
    const fix = "Use https in the URL, or TLS in the proxy's connection to this port";
    this.#plainHttp = new PacedCount(
      (failed) => log.info({ failed, cause: plainHttpCode, fix }, message),
      guard,
    );
    this.#others = new PacedCount(
      (failed) => log.info({ failed, cause: this.#lastCode }, message),
      guard,
    );
  }

  /** @param error of Node's event `tlsClientError`. Only its code is logged. */
  add(error: unknown): void {
    const code = findErrorCode(error);
    if (code === plainHttpCode) {
      this.#plainHttp.add();
    } else if (!isClientGone(code)) {
      this.#lastCode = code;
      this.#others.add();
    }
  }

  /** Logs those that have not been logged yet. */
  flush(): void {
    this.#plainHttp.flush();
    this.#others.flush();
  }
}
