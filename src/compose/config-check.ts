import { listTokenKinds } from "../authentication/token-kinds.js";
import { TokenVerifiers } from "../authentication/token-verifiers.js";
import { type Clock, monotonicClock, systemTimer } from "../clock.js";
import { ProblemCollection } from "../config/problem-collection.js";
import type { Files } from "../files/files.js";
import { createRegionFinder } from "../geolocation/region-finder.js";
import { Guard } from "../http/guard.js";
import { httpLimits } from "../http/http-limits.js";
import { createOutgoingHttp } from "../outgoing/outgoing-http.js";
import { openPort } from "../server/port-listener.js";
import { loadTlsOptions } from "../server/tls-options.js";
import type { Config } from "../service-config.js";

/**
 * Reads the files that a configuration names, as the service would, and serves nothing.
 * @returns warnings: what works, but is probably not meant
 * @throws ConfigError when one of them cannot be used
 */
export function checkFiles(
  { auth, ice, listen }: Config,
  files: Files,
  clock: Clock,
): readonly string[] {
  const warnings: string[] = [];
  const log = { info() {}, warn: (_: object, message: string) => void warnings.push(message) };
  const verifiers = new TokenVerifiers(listTokenKinds(), {
    ...{ clock, monotonicClock, startTimer: systemTimer, log },
    outgoing: createOutgoingHttp({}),
    onChange() {},
  });
  const problems = new ProblemCollection();
  problems.try(() => verifiers.open(auth, files));
  problems.try(() =>
    createRegionFinder(ice.turn?.regionFrom, { files, isTrustedProxy: () => false }),
  );
  problems.try(() => listen.tls && loadTlsOptions(listen.tls, files));
  problems.throwIfAny();
  return warnings;
}

/**
 * Finds out whether the configured address can be used.
 * @returns the URL that a service would have there; its port is free at this moment
 * @throws ConfigError when it cannot
 */
export async function checkAddress({ listen }: Config, files: Files): Promise<string> {
  const port = await openPort(listen, {
    files,
    limits: httpLimits,
    guard: new Guard({ error() {} }),
    listener() {},
    malformedRequestListener() {},
  });
  await port.close({ timeoutMs: 0 });
  return port.url;
}
