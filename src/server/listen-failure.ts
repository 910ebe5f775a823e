import type { ConfigProblem } from "../errors.js";

const meanings: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "the host name does not resolve",
  EAI_AGAIN: "the host name does not resolve at the moment",
};

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
