import { stringify } from "yaml";
import { createTokenVerifier } from "../authentication/token-verifier.js";
import { systemClock } from "../clock.js";
import { describeConfig } from "../config/config-description.js";
import { loadConfig } from "../config/load-config.js";

/**
 * `config check`: prints the effective configuration, with warnings on standard error.
 * @returns the exit code, 0
 * @throws ConfigError when the configuration cannot be used
 */
export function checkConfig({ config: file, json }: { config?: string; json?: boolean }): number {
  const { config, warnings } = loadConfig({
    env: process.env,
    file,
  });
  // Key files and the tokens file are read as well; JWKS URLs are not asked.
  const silent = { info() {}, warn() {} };
  createTokenVerifier(config.auth, { clock: systemClock, log: silent });
  for (const warning of warnings) {
    process.stderr.write(`warning: ${warning}\n`);
  }
  const described = describeConfig(config);
  process.stdout.write(
    json ? `${JSON.stringify(described, undefined, 2)}\n` : stringify(described),
  );
  return 0;
}
