import { chmodSync } from "node:fs";
import { defineConfig, type Plugin } from "rolldown";

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

/** V8 takes two bytes for each character of a file that has one beyond U+00FF: 1.7 MB more in all. */
const oneByteSource: Plugin = {
  name: "one-byte-source",
  // Later than renderChunk: Rolldown prints strings once more after that.
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === "chunk") {
        file.code = file.code.replace(/[^\0-\xff]/g, escapeUnit);
      }
    }
  },
};

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** `npm link` makes the program executable only once, but each build replaces the file. */
const executable: Plugin = {
  name: "executable",
  writeBundle: () => chmodSync("dist/main.js", 0o755),
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
    plugins: [oneByteSource, executable],
    resolve: { mainFields: ["module", "main"] },
    output: {
      dir: "dist",
      cleanDir: true,
      sourcemap: true,
      comments: { jsdoc: false },
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
