import { findCallerWarnings } from "../authentication/caller-warnings.js";
import { systemClock } from "../clock.js";
import { checkFiles } from "../compose/config-check.js";
import { printDuration } from "../config/duration.js";
import { DiskFiles } from "../files/disk-files.js";
import { HandedFiles } from "../files/handed-files.js";
import { type Config, loadConfig } from "../service-config.js";
import { describeConfigFile, printConfigFile } from "./config-text.js";

/**
 * `config check`: prints the effective configuration as a file that has the same effect, with warnings
 * on standard error.
 * @returns the exit code, 0
 * @throws ConfigError when the configuration cannot be used
 */
export function checkConfig({ config: file, json }: { config?: string; json?: boolean }): number {
  const files = new DiskFiles();
  const { config, warnings } = loadConfig({ env: process.env, file, files });
  // JWKS URLs are not asked.
  const fileWarnings = checkFiles(config, files, systemClock);
  const callerWarnings = findCallerWarnings(config.auth, new HandedFiles(files), systemClock);
  const all = [...warnings, ...fileWarnings, ...callerWarnings, ...describeOldSecrets(config)];
  for (const warning of all) {
    process.stderr.write(`warning: ${warning}\n`);
  }
  process.stdout.write(
    json
      ? `${JSON.stringify(describeConfigFile(config), undefined, 2)}\n`
      : printConfigFile(config),
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
