import type { Config } from "./config.js";

/** The keys of a changed configuration that a running process cannot take over. */
export function findRestartKeys(running: Config, next: Config): string[] {
  const read = (config: Config) => ({
    "listen.host": config.listen.host,
    "listen.port": config.listen.port,
    "listen.tls": config.listen.tls !== undefined,
    "listen.tls.clientCaFile": config.listen.tls?.clientCaFile !== undefined,
    "admin.host": config.admin?.host,
    "admin.port": config.admin?.port,
    "log.format": config.log.format,
  });
  const before = new Map<string, unknown>(Object.entries(read(running)));
  return Object.entries(read(next)).flatMap(([key, value]) =>
    value === before.get(key) ? [] : [key],
  );
}
