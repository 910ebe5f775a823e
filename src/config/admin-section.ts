import type { AdminConfig } from "./config.js";
import type { ConfigFile } from "./file-schema.js";
import type { SectionContext } from "./section-context.js";

const defaultHost = "127.0.0.1";
const defaultPort = 9090;

/**
 * Builds the `admin` section.
 * @returns undefined where nothing is to be served: it is switched off, or left out in development
 */
export function buildAdmin(
  admin: ConfigFile["admin"],
  listenPort: number,
  { dev, warn }: SectionContext,
): AdminConfig | undefined {
  if (admin === false || (admin === undefined && dev)) {
    return undefined;
  }
  if (admin === undefined && listenPort === defaultPort) {
    warn(`no metrics are served: listen.port is the default of admin.port, ${defaultPort}`);
    return undefined;
  }
  const { host = defaultHost, port = defaultPort } = admin ?? {};
  if (!isLoopback(host)) {
    warn(
      `admin.host ${host} is not a loopback address: anyone who can connect to it can read the metrics, without a token`,
    );
  }
  return { host, port, isDefault: admin === undefined };
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);
}
