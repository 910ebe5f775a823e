import { existsSync } from "node:fs";
import { join } from "node:path";
import { MissingPartError } from "../failure.js";
import { packageRoot } from "../package-root.js";
import type { Scene } from "./scene.js";
import { type ServerProcess, startServer } from "./server-process.js";

const program = join(packageRoot, "dist/main.js");

export interface ServiceOptions {
  readonly name: string;
  /** The node binary. */
  readonly node: string;
  /** For node itself, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
  /** Further arguments of `serve`. */
  readonly args?: readonly string[];
  /** Instead of the scene's. */
  readonly configFile?: string;
}

/** Starts the built program as it would run in production: authentication and access log on. */
export function startService(
  scene: Scene,
  { name, node, nodeArgs = [], args = [], configFile = scene.configFile }: ServiceOptions,
): Promise<ServerProcess> {
  if (!existsSync(program)) {
    throw new MissingPartError("dist/main.js is missing: run `npm run build`");
  }
  return startServer({
    name,
    command: node,
    args: [...nodeArgs, program, "serve", ...args, "--config", configFile],
    directory: scene.directory.path,
  });
}
