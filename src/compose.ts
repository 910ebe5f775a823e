import { setMaxListeners } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { JwksPool } from "./authentication/jwks-pool.js";
import {
  type ConnectorTokenEntry,
  createTokenVerifier,
  type TokenVerifier,
} from "./authentication/token-verifier.js";
import { type Clock, systemTimer } from "./clock.js";
import type { Config } from "./config/config.js";
import { findRestartKeys } from "./config/restart-keys.js";
import type { Files } from "./files/files.js";
import { createIceServerLister, type ListIceServers } from "./ice/ice-server-list.js";
import type { Logger } from "./observability/logger.js";
import type { RequestLog } from "./observability/request-log.js";
import { Readiness } from "./rpc/readiness.js";
import { createRouter } from "./rpc/router.js";
import type { ExchangeListener } from "./server/http-exchange.js";
import { httpLimits } from "./server/http-limits.js";
import { createMalformedRequestListener } from "./server/malformed-request.js";
import { openPort } from "./server/port-listener.js";
import { createRequestListener } from "./server/request-listener.js";
import { loadTlsOptions } from "./server/tls-options.js";
import { IceServerWatches } from "./watch/ice-server-watches.js";

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
  /**
   * Serves by another configuration from the next request on. Nothing is dropped: a call is
   * finished by the configuration that it began with.
   *
   * @returns the keys whose change needs a restart
   * @throws ConfigError when it cannot be used; nothing is changed then
   */
  reload(config: Config, files: Files): readonly string[];
  /** Not ready, then no new connections, then an end to what is in flight within the time-out. */
  stop(): Promise<void>;
}

/** All that is made of one configuration. Never changed; a reload puts another in its place. */
interface Snapshot {
  readonly config: Config;
  readonly verifier: TokenVerifier;
  readonly listIceServers: ListIceServers;
  readonly listener: ExchangeListener;
}

/**
 * Builds the service from its configuration and opens its port. The one place where the parts meet.
 *
 * @param files where the files that the configuration names are read from
 * @throws ConfigError when one of them, or the address, cannot be used
 */
export async function startService(
  firstConfig: Config,
  firstFiles: Files,
  { clock, log, requestLog, connectorTokens }: Surroundings,
): Promise<RunningService> {
  const readiness = new Readiness();
  const shutdown = new AbortController();
  // Every open stream listens.
  setMaxListeners(0, shutdown.signal);
  const watches = new IceServerWatches({
    clock,
    startTimer: systemTimer,
    random: Math.random,
    log,
    readSnapshot: () => current,
  });
  const onKeyChange = () => {
    current.verifier.forget();
    watches.listsChanged();
  };
  const jwks = new JwksPool({ clock, log, onChange: onKeyChange });

  function build(config: Config, files: Files): Snapshot {
    const verifier = createTokenVerifier(config.auth, { clock, files, jwks, connectorTokens });
    const listIceServers = createIceServerLister(config.ice, clock);
    const router = createRouter({
      verifier,
      queryToken: config.auth.queryToken,
      listIceServers,
      watches,
      readiness,
      reflection: config.reflection,
      shutdownSignal: shutdown.signal,
    });
    const { allowedOrigins } = config.cors;
    const listener = createRequestListener({ router, readiness, allowedOrigins, requestLog });
    return { config, verifier, listIceServers, listener };
  }

  let current = build(firstConfig, firstFiles);
  const port = await openPort(
    firstConfig.listen,
    firstFiles,
    httpLimits,
    (exchange) => current.listener(exchange),
    createMalformedRequestListener(log),
  );
  const ready = current.verifier.load().then(() => {
    if (readiness.state === "starting") {
      readiness.set("serving");
    }
  });
  return {
    url: port.url,
    ready,
    reload(config, files) {
      try {
        const next = build(config, files);
        const updatePort = port.prepare(config.listen, files);
        updatePort();
        log.level = config.log.level;
        current = next;
        watches.listsChanged();
      } finally {
        jwks.keep(current.verifier.sources);
      }
      void current.verifier.load();
      return findRestartKeys(firstConfig, config);
    },
    async stop() {
      const { delaySeconds, timeoutSeconds } = current.config.shutdown;
      readiness.set("draining");
      await new Promise((resolve) => setTimeout(resolve, delaySeconds * 1000));
      shutdown.abort(new ConnectError("the server is shutting down", Code.Unavailable));
      await port.close(timeoutSeconds * 1000);
      jwks.keep([]);
    },
  };
}

/**
 * Reads the files that a configuration names, as {@link startService} would, and serves nothing.
 * @throws ConfigError when one of them cannot be used
 */
export function checkFiles({ auth, listen }: Config, files: Files, clock: Clock): void {
  const silent = { info() {}, warn() {} };
  const jwks = new JwksPool({ clock, log: silent, onChange() {} });
  createTokenVerifier(auth, { clock, files, jwks });
  if (listen.tls !== undefined) {
    loadTlsOptions(listen.tls, files);
  }
}

/**
 * Finds out whether the configured address can be used.
 * @returns the URL that a service would have there; its port is free at this moment
 * @throws ConfigError when it cannot
 */
export async function checkAddress({ listen }: Config, files: Files): Promise<string> {
  const port = await openPort(
    listen,
    files,
    httpLimits,
    () => {},
    () => {},
  );
  await port.close(0);
  return port.url;
}
