import { authSection } from "./authentication/auth-config.js";
import { key, optionalKey } from "./config/key.js";
import { checked, type ValueOf } from "./config/kind.js";
import { type Loaded, type LoadOptions, loadDeclared } from "./config/load-config.js";
import { findDeclaredRestartKeys } from "./config/restart-keys.js";
import { trueOrFalse } from "./config/scalars.js";
import { section } from "./config/section.js";
import { corsSection } from "./http/cors-config.js";
import { iceSection } from "./ice-config.js";
import { limitsSection } from "./limits/limits-config.js";
import { logSection } from "./observability/log-config.js";
import { adminSection, settleAdmin } from "./server/admin-config.js";
import { listenSection } from "./server/listen-config.js";
import { shutdownSection } from "./server/shutdown-config.js";

const sections = section({
  listen: key(listenSection, { default: {}, help: "Where and how the service listens." }),
  admin: optionalKey(adminSection, {
    help: "Metrics for Prometheus at /metrics, and the probes, without a token; or `admin: false`. If it is not configured and the port is in use, the service warns and starts without it. --dev: off unless set.",
  }),
  cors: key(corsSection, { default: {}, help: "Which web pages may call the service." }),
  auth: key(authSection, { default: {}, help: "Who may call." }),
  ice: key(iceSection, { default: {}, help: "STUN and TURN servers." }),
  limits: key(limitsSection, {
    default: {},
    help: "No rate limits by default. See docs/rate-limits.md. Rejected calls get 429, over gRPC RESOURCE_EXHAUSTED.",
  }),
  reflection: key(trueOrFalse, {
    default: true,
    help: "gRPC server reflection, and the OpenAPI document at /openapi.json.",
  }),
  diagnostics: key(trueOrFalse, {
    default: false,
    devDefault: true,
    help: "A page at / that tries every URL of the list from the browser, and calls through each relay. It requires a token, as every client does. See docs/diagnostics.md.",
  }),
  log: key(logSection, { default: {}, help: "The log goes to standard error." }),
  shutdown: key(shutdownSection, { default: {}, help: "What happens at SIGTERM." }),
});

/** Every key of the configuration. */
export const configSection = checked(sections, (config, place) => {
  if (
    config.ice.turn?.regionFrom?.header !== undefined &&
    config.listen.trustedProxies.length === 0
  ) {
    place.warn("ice.turn.regionFrom.header is ignored, because listen.trustedProxies is empty");
  }
  return { ...config, admin: settleAdmin(config.admin, config.listen.port, place.at("admin")) };
});

/** The effective configuration: complete, checked, file names absolute. Never changed once built. */
export type Config = ValueOf<typeof configSection>;
export type LoadedConfig = Loaded<Config>;

/** @throws ConfigError with everything that is wrong */
export function loadConfig(options: LoadOptions): LoadedConfig {
  return loadDeclared(configSection, options);
}

/** The effective configuration in the file's own keys, as plain data; secrets are hidden. */
export function describeConfig(config: Config): object {
  return configSection.describe(config);
}

/** The keys of a changed configuration that a running process cannot apply. */
export function findRestartKeys(running: Config, next: Config): string[] {
  return findDeclaredRestartKeys(configSection, running, next);
}
