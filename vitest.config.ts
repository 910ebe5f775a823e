import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/foreign/**"],
    setupFiles: ["./test/parts/end-processes.ts"],
    // These only end what hangs. Tests wait for events, and a machine may be busy with other things.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    // Real servers run beside the tests; more files at once would starve them on a small machine.
    maxWorkers: 2,
    reporters: ["default", "./test/plain-summary.ts"],
  },
});
