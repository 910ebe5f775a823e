import { configDefaults, defineConfig } from "vitest/config";
import { foreignTestGlob, integrationTestGlobs, systemTestGlobs } from "./test/tiers.js";

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [
            ...configDefaults.exclude,
            foreignTestGlob,
            ...integrationTestGlobs,
            ...systemTestGlobs,
          ],
          setupFiles: ["./test/parts/refuse-programs.ts"],
          // Loading the modules anew for each file takes half of the time. What a test changes in its
          // process, it changes back.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: integrationTestGlobs,
          exclude: [...configDefaults.exclude, ...systemTestGlobs],
          setupFiles: ["./test/parts/refuse-programs.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: systemTestGlobs,
          exclude: [...configDefaults.exclude, foreignTestGlob],
          setupFiles: ["./test/parts/end-processes.ts"],
        },
      },
    ],
    // These only end what hangs. Tests wait for events, and a machine may be busy with other things.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    // Most system tests wait for servers: with four files at a time, two cores are idle for a third of the time.
    maxWorkers: 6,
    // Concurrent tests of a file wait beside each other, in browsers that they share.
    maxConcurrency: 20,
    reporters: ["default", "./test/plain-summary.ts"],
  },
});
