import { createSecretKey, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createConnectorToken, hashConnectorToken } from "../authentication/connector-token.js";
import { systemClock } from "../clock.js";
import { startService } from "../compose.js";
import { loadConfig } from "../config/load-config.js";
import { createLogger } from "../observability/logger.js";
import { type DevSecrets, printDevBanner } from "./dev-banner.js";

export interface ServeOptions {
  readonly config?: string;
  readonly dev?: boolean;
}

/**
 * Serves until SIGTERM or SIGINT, then stops gracefully.
 * @returns the exit code, 0
 * @throws ConfigError when the configuration cannot be used
 */
export async function serve({ config: file, dev = false }: ServeOptions): Promise<number> {
  const secrets: DevSecrets = {
    token: createConnectorToken(),
    turnSecret: randomBytes(24).toString("hex"),
  };
  const devSecret = createSecretKey(secrets.turnSecret, "utf8");
  const { config, warnings } = loadConfig({
    env: process.env,
    ...(file !== undefined && { file }),
    ...(dev && { dev: { secret: devSecret } }),
  });
  const log = await createLogger(
    dev && process.stderr.isTTY ? { ...config.log, format: "pretty" } : config.log,
  );
  for (const warning of warnings) {
    log.warn(warning);
  }
  const service = await startService(config, {
    clock: systemClock,
    log,
    ...(dev && { connectorTokens: [{ name: "dev", hash: hashConnectorToken(secrets.token) }] }),
  });
  const stopSignal = Promise.race(
    ["SIGTERM", "SIGINT"].map((name) => once(process, name).then(() => name)),
  );
  // Later signals change nothing: the stop is bounded in time as it is.
  process.on("SIGTERM", () => {}).on("SIGINT", () => {});
  await Promise.race([service.ready, stopSignal]);
  log.info({ url: service.url }, "ready");
  if (dev) {
    const ownTurnSecret = config.ice.turn?.secret !== devSecret;
    process.stdout.write(printDevBanner(config, service.url, secrets, ownTurnSecret));
  }
  const signal = await stopSignal;
  log.info({ signal }, "stopping");
  await service.stop();
  log.info("stopped");
  log.flush();
  return 0;
}
