import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigError, type ConfigProblem } from "../errors.js";
import { endNothing, type Guard } from "../http/guard.js";
import type { PortConfig } from "./listen-config.js";

const meanings: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "the host name does not resolve",
  EAI_AGAIN: "the host name does not resolve at the moment",
};

/**
 * Has a server listen at its address.
 * @throws ConfigError (rejects with it) when that is not possible
 */
export function bindPort(
  server: Server,
  { host, port }: PortConfig,
  guard: Guard,
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = guard.wrap((error: NodeJS.ErrnoException) => {
      reject(new ConfigError([describeListenFailure(error, host, port)]));
    }, endNothing);
    // Stays: an error without a listener would end the process, whenever it came.
    server.on("error", onError);
    const onListening = guard.wrap(() => {
      const address = server.address();
      if (address === null || typeof address === "string") {
        reject(new Error("the server has no TCP address"));
      } else {
        resolve(address);
      }
    }, endNothing);
    server.listen({ host, port, backlog: 1024 }, onListening);
  });
}

/** Says why the service cannot listen at an address. */
export function describeListenFailure(
  { code, message }: NodeJS.ErrnoException,
  host: string,
  port: number,
): ConfigProblem {
  const meaning = meanings[code ?? ""];
  const cause =
    code === undefined ? message : meaning === undefined ? code : `${meaning} (${code})`;
  const isAboutPort = code === "EADDRINUSE" || code === "EACCES";
  return {
    key: isAboutPort ? "listen.port" : "listen.host",
    problem: `cannot listen on ${host} port ${port}: ${cause}`,
    fix: isAboutPort
      ? "Choose another port in listen.port or ICE_PORT; port 0 picks a free one"
      : "Set listen.host or ICE_HOST to an address of this machine, or to 0.0.0.0 for all of them",
    isAddressFailure: true,
  };
}
