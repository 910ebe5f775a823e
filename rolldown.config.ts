import { defineConfig } from "rolldown";

/** Loaded by few, on demand, with what it needs itself. */
const redis = {
  name: "redis",
  test: /\/node_modules\/(ioredis|@ioredis|redis-errors|redis-parser|denque|cluster-key-slot|standard-as-callback|debug|ms|lodash[^/]*)\//,
};
/** What several parts of the program use stands in one file: every further one costs memory. */
const shared = {
  name: "shared",
  minShareCount: 2,
  test: /^(?!.*\/node_modules\/(@opentelemetry|pg)\/)/,
};

/**
 * One file starts in half the time and needs less memory than the two hundred modules that it is
 * made of. pino stays outside, since it looks for its own files. OpenTelemetry is a file of its own,
 * loaded where it is wanted: taken as ES modules, a quarter of it, and shares nothing with the others.
 * Beside the program are the library and the generated service, for other programs.
 */
export default defineConfig([
  {
    input: { main: "src/main.ts", "config-thread": "src/process/config-thread.ts" },
    platform: "node",
    external: ["pino", "pino-pretty"],
    resolve: { mainFields: ["module", "main"] },
    output: {
      dir: "dist",
      cleanDir: true,
      sourcemap: true,
      chunkFileNames: "[name].js",
      codeSplitting: { groups: [redis, shared] },
    },
  },
  {
    input: {
      library: "src/library.ts",
      ice_service_pb: "src/gen/ice/v1/ice_service_pb.ts",
    },
    platform: "node",
    // On the Connect and protobuf that the program has which imports it.
    external: [/^[^./]/],
    output: { dir: "dist", chunkFileNames: "library-[name].js" },
  },
]);
