import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/foreign/**"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Real servers run beside the tests; more files at once would starve them on a small machine.
    maxWorkers: 2,
    reporters: ["default", "./test/plain-summary.ts"],
  },
});
