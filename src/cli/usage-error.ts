import { ConfigError } from "../errors.js";

/** A command line that cannot be used: exit code 2, told as problems of the configuration are. */
export function usageError(key: string, problem: string, fix: string): ConfigError {
  return new ConfigError([{ key, problem, fix }]);
}
