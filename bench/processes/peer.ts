import { join } from "node:path";
import { runProgram } from "../../test/parts/child-process.js";
import { type BaselineSettings, formatSettings } from "../baselines/settings.js";
import { MissingPartError } from "../failure.js";
import { packageRoot } from "../package-root.js";
import { type BaselineName, startBaseline } from "./baseline.js";
import { type ServerProcess, startServer } from "./server-process.js";

/** What a Go team would write instead of the service: bench/peers/go. */
export const peerNames = [
  "go-http-issuer",
  "go-grpc-issuer",
  "go-http-issuer-distinct",
  "go-grpc-issuer-distinct",
] as const;
export type PeerName = (typeof peerNames)[number];

const program = join(packageRoot, "bench/dist/go-issuer");
const buildTimeoutMs = 600_000;

/**
 * Builds the program of the peers.
 *
 * @throws MissingPartError that says what to install, when Go is missing
 */
export async function buildPeers(): Promise<void> {
  const args = ["build", "-o", program, "."];
  try {
    await runProgram("go", args, {
      cwd: join(packageRoot, "bench/peers/go"),
      timeout: buildTimeoutMs,
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new MissingPartError(
        "--peers needs Go 1.21 or later: apt-get install golang-go on Debian 13 or later, https://go.dev/doc/install elsewhere",
      );
    }
    throw error;
  }
}

export interface ComparedServerOptions {
  /** The node binary that runs baselines. */
  readonly node: string;
  readonly directory: string;
  readonly name?: string;
}

/** Starts a baseline, or a peer that {@link buildPeers} has built. */
export function startComparedServer(
  server: BaselineName | PeerName,
  settings: BaselineSettings,
  options: ComparedServerOptions,
): Promise<ServerProcess> {
  if (!isPeer(server)) {
    return startBaseline(server, settings, options);
  }
  const { directory, name = server } = options;
  // Node's server writes these by itself, and Go's does not.
  const connectionHeaders = [
    ["Connection", "keep-alive"],
    ["Keep-Alive", `timeout=${settings.keepAliveSeconds}`],
  ] as const;
  const args = [
    `--protocol=${server.startsWith("go-grpc") ? "grpc" : "http"}`,
    ...formatSettings({
      ...settings,
      restHeaders: [...settings.restHeaders, ...connectionHeaders],
    }),
  ];
  return startServer({ name, command: program, args, directory });
}

function isPeer(server: string): server is PeerName {
  return peerNames.some((peer) => peer === server);
}
