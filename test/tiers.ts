/**
 * Which tests belong together, as globs. Integration tests have servers of ours answer real clients or
 * hostile input, all in one process. System tests start programs or need the build: all in
 * test/e2e, and those that are named so elsewhere. The others are unit tests. What test/foreign
 * holds has a configuration of its own.
 */
export const integrationTestGlobs = ["test/conformance/**/*.test.ts", "test/fuzz/**/*.test.ts"];
export const systemTestGlobs = ["test/e2e/**/*.test.ts", "test/**/*.system.test.ts"];
export const foreignTestGlob = "test/foreign/**";

export type Tier = "unit" | "integration" | "system" | "foreign";

/**
 * Says the same of one file.
 * @param file relative to test/
 */
export function findTier(file: string): Tier {
  if (file.startsWith("foreign/")) {
    return "foreign";
  }
  if (file.startsWith("e2e/") || file.endsWith(".system.test.ts")) {
    return "system";
  }
  return /^(conformance|fuzz)\//.test(file) ? "integration" : "unit";
}
