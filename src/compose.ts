import { setMaxListeners } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { type ConnectorTokenEntry, createTokenVerifier } from "./authentication/token-verifier.js";
import type { Clock } from "./clock.js";
import type { Config } from "./config/config.js";
import { createIceServerLister } from "./ice/ice-server-list.js";
import type { Logger } from "./observability/logger.js";
import type { RequestLog } from "./observability/request-log.js";
import { Readiness } from "./rpc/readiness.js";
import { createRouter } from "./rpc/router.js";
import { httpLimits } from "./server/http-limits.js";
import { createMalformedRequestListener } from "./server/malformed-request.js";
import { openPort } from "./server/port-listener.js";
import { createRequestListener } from "./server/request-listener.js";

/** What stands around the configuration; tests put their own in. */
export interface Surroundings {
  readonly clock: Clock;
  readonly log: Logger;
  readonly requestLog: RequestLog;
  /** Connector tokens beside those of the file, such as the one of `--dev`. */
  readonly connectorTokens?: readonly ConnectorTokenEntry[];
}

/** A service that takes calls. */
export interface RunningService {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Settles when the service wants calls: the keys of all issuers have been asked for once. */
  readonly ready: Promise<void>;
  /** Not ready, then no new connections, then an end to what is in flight within the time-out. */
  stop(): Promise<void>;
}

/**
 * Builds the service from its configuration and opens its port. The one place where the parts meet.
 * @throws ConfigError when a file that the configuration names, or the address, cannot be used
 */
export async function startService(
  config: Config,
  { clock, log, requestLog, connectorTokens }: Surroundings,
): Promise<RunningService> {
  const verifier = createTokenVerifier(config.auth, { clock, log, connectorTokens });
  const readiness = new Readiness();
  const shutdown = new AbortController();
  // Every open stream listens.
  setMaxListeners(0, shutdown.signal);
  const router = createRouter({
    verifier,
    queryToken: config.auth.queryToken,
    listIceServers: createIceServerLister(config.ice, clock),
    readiness,
    reflection: config.reflection,
    shutdownSignal: shutdown.signal,
  });
  const port = await openPort(
    config.listen,
    httpLimits,
    createRequestListener({
      router,
      readiness,
      allowedOrigins: config.cors.allowedOrigins,
      requestLog,
    }),
    createMalformedRequestListener(log),
  );
  const ready = verifier.load().then(() => {
    if (readiness.state === "starting") {
      readiness.set("serving");
    }
  });
  return {
    url: port.url,
    ready,
    async stop() {
      readiness.set("draining");
      await new Promise((resolve) => setTimeout(resolve, config.shutdown.delaySeconds * 1000));
      shutdown.abort(new ConnectError("the server is shutting down", Code.Unavailable));
      await port.close(config.shutdown.timeoutSeconds * 1000);
      verifier.close();
    },
  };
}

/**
 * Finds what {@link startService} would find wrong, and serves nothing.
 * @returns the URL that the service would have; its port is free at this moment
 * @throws ConfigError as {@link startService} does
 */
export async function checkService(
  config: Config,
  { clock, log }: Pick<Surroundings, "clock" | "log">,
): Promise<string> {
  createTokenVerifier(config.auth, { clock, log }).close();
  const port = await openPort(
    config.listen,
    httpLimits,
    () => {},
    () => {},
  );
  await port.close(0);
  return port.url;
}
