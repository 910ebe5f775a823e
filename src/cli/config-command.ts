import { stringify } from "yaml";
import { systemClock } from "../clock.js";
import { checkFiles } from "../compose/config-check.js";
import { printDuration } from "../config/duration.js";
import { DiskFiles } from "../files/disk-files.js";
import { type Config, describeConfig, loadConfig } from "../service-config.js";

/**
 * `config check`: prints the effective configuration, with warnings on standard error.
 * @returns the exit code, 0
 * @throws ConfigError when the configuration cannot be used
 */
export function checkConfig({ config: file, json }: { config?: string; json?: boolean }): number {
  const files = new DiskFiles();
  const { config, warnings } = loadConfig({ env: process.env, file, files });
  // JWKS URLs are not asked.
  checkFiles(config, files, systemClock);
  for (const warning of [...warnings, ...describeOldSecrets(config)]) {
    process.stderr.write(`warning: ${warning}\n`);
  }
  const described = describeConfig(config);
  process.stdout.write(
    json ? `${JSON.stringify(described, undefined, 2)}\n` : stringify(described),
  );
  return 0;
}

/** While a secret is changed by hand: when the change may be finished. */
function describeOldSecrets({
  ice: {
    servers: { regions, life },
  },
}: Config): string[] {
  return regions.flatMap(({ name, sharedSecret }) => {
    const count = sharedSecret?.secrets.filter(({ file }) => file !== undefined).length ?? 0;
    const key = name === "" ? "ice.turn.secretFiles" : `secretFiles of region ${name}`;
    return count > 1
      ? [
          `the first of ${count} ${key} signs; the secrets of the others can be removed from the TURN server ${printDuration(life.ttlSeconds)} (the longest ttl) after the last instance stopped signing with them`,
        ]
      : [];
  });
}
