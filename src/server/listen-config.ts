import { duration } from "../config/duration.js";
import { key, optionalKey } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import { port, text, wholeNumber } from "../config/scalars.js";
import { section } from "../config/section.js";
import { printValue } from "../config/value-text.js";
import { clientAddressKeys } from "../http/client-address-config.js";
import { tlsSection } from "./tls-config.js";

/** The address of a listener, or a name of this machine: without brackets, and without a port. */
export const listenHost = checked(text(), (written, place) => {
  const [, address, afterAddress] = /^\[([^\]]*)\](.*)$/.exec(written) ?? [];
  const [, name] = /^([^:/]*):[^:/]*$/.exec(written) ?? [];
  const host = address ?? name;
  if (host !== undefined) {
    const problem =
      address === undefined || afterAddress !== ""
        ? "has a port, which is a key of its own"
        : "is in brackets, which only URLs have";
    return place.refuse(`${printValue(written)} ${problem}`, `Write ${host}`);
  }
  return written.includes("/")
    ? place.refuse(
        `${printValue(written)} is not an address`,
        "Write an address such as 0.0.0.0 or ::1",
      )
    : written;
});

const host = checked(listenHost, (written, place) =>
  place.isDev && !isLoopback(written)
    ? place.refuse(
        `${written} can be reached from elsewhere, which --dev does not allow`,
        "Use 127.0.0.1, or configure authentication and leave --dev out",
      )
    : written,
);

/** How clients reach the service. */
export const listenSection = section({
  host: key(host, {
    default: "0.0.0.0",
    devDefault: "127.0.0.1",
    variable: "ICE_HOST",
    restart: "for a new value",
    help: "The address to listen at.",
  }),
  port: key(port, {
    default: 8080,
    variable: "ICE_PORT",
    restart: "for a new value",
    help: "0 picks a free port.",
  }),
  maxConnections: key(wholeNumber(1, 1_000_000), {
    default: 20_000,
    help: "Connections beyond this are closed, counted, and logged. With --workers, it applies to each worker. The open-file limit of the process (ulimit -n) must be higher.",
  }),
  maxConnectionAge: optionalKey(duration({ min: "1s", max: "30d" }), {
    example: "30m",
    defaultText: "off",
    help: "At this age, earlier or later by up to 10 %, connections end gracefully, so that a load balancer for connections can rebalance. IceService watches on them end with UNAVAILABLE after shutdown.timeout. Applies to new connections of the main port.",
  }),
  tls: optionalKey(tlsSection, {
    restart: "to turn it on or off",
    help: "HTTP/1.1 and HTTP/2 by ALPN, TLS 1.2 or later. Absent: both in the clear.",
  }),
  ...clientAddressKeys,
});

export type ListenConfig = ValueOf<typeof listenSection>;
/** What a port is opened with. */
export type PortConfig = Pick<ListenConfig, "host" | "port" | "maxConnections" | "tls"> &
  Partial<Pick<ListenConfig, "maxConnectionAgeSeconds" | "proxyProtocolFrom">>;

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);
}
