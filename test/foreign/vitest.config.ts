import { defineConfig } from "vitest/config";

/** What needs more than Node, npm, and Debian packages: current Go, Java, and Rust. */
export default defineConfig({
  test: {
    include: ["test/foreign/**/*.test.ts"],
    testTimeout: 250_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
    // Concurrent tests of a file wait beside each other, in browsers that they share.
    maxConcurrency: 20,
    reporters: ["default", "./test/plain-summary.ts"],
  },
});
