/**
 * The tests that start programs or need the build, as globs: all in test/e2e, and those that are
 * named so elsewhere. The others are unit tests. What test/foreign holds has a configuration of its own.
 */
export const systemTestGlobs = ["test/e2e/**/*.test.ts", "test/**/*.system.test.ts"];
export const foreignTestGlob = "test/foreign/**";

export type Tier = "unit" | "system" | "foreign";

/**
 * Says the same of one file.
 * @param file relative to test/
 */
export function findTier(file: string): Tier {
  if (file.startsWith("foreign/")) {
    return "foreign";
  }
  return file.startsWith("e2e/") || file.endsWith(".system.test.ts") ? "system" : "unit";
}
