/**
 * The tests that start programs or need the build, as globs: all in test/e2e, and those that are
 * named so elsewhere. The others are unit tests. What test/foreign holds has a configuration of its own.
 */
export const systemTestGlobs = ["test/e2e/**/*.test.ts", "test/**/*.system.test.ts"];
/**
 * The unit tests that load node:http2. Each runs in a process of its own, as HTTP/2 can corrupt the
 * memory of Node 20. The others share processes, which loads what they test once: half of their time.
 */
export const http2TestGlobs = [
  "test/conformance/*.test.ts",
  "test/server/guard.test.ts",
  "test/server/port-listener.test.ts",
  "test/server/sent-ahead.test.ts",
  "test/call/auth-interceptor.test.ts",
  "test/fuzz/config.test.ts",
  "test/process/serve.test.ts",
  "test/watch/withdrawn-key.test.ts",
];
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
