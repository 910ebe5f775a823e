import { fileURLToPath } from "node:url";
import { z } from "zod";
import { runProgram } from "./child-process.js";
import { runPython } from "./python.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

const script = fileURLToPath(new URL("get_ice_servers.py", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

export interface PythonCall {
  /** Such as `127.0.0.1:8080`. */
  readonly target: string;
  readonly token?: string;
  readonly ttlSeconds?: number;
  readonly timeoutSeconds?: number;
  /** If set, the call uses TLS and trusts this authority. */
  readonly caFile?: string;
  /** Takes the first list of WatchIceServers instead. */
  readonly watch?: boolean;
  /** Repeats the call on one channel for this time, until one fails. */
  readonly repeatSeconds?: number;
}

const outcomeSchema = z.union([
  z.object({
    response: z.object({
      iceServers: z.array(
        z.object({
          urls: z.array(z.string()),
          username: z.string().optional(),
          credential: z.string().optional(),
        }),
      ),
      expireTime: z.string().optional(),
      ttlSeconds: z.number().optional(),
    }),
  }),
  z.object({ error: z.object({ code: z.string(), details: z.string() }) }),
]);

export interface PythonGrpc {
  getIceServers(call: PythonCall): Promise<z.infer<typeof outcomeSchema>>;
  stop(): Promise<void>;
}

/** Generates a client from our schema with protoc and grpc_python_plugin, for Debian's grpcio. */
export async function generatePythonClient(): Promise<PythonGrpc> {
  const directory = await createTemporaryDirectory("python");
  try {
    await runProgram(
      "protoc",
      [
        "--proto_path=proto",
        "--proto_path=third_party/proto",
        `--python_out=${directory.path}`,
        `--grpc_out=${directory.path}`,
        "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin",
        "ice/v1/ice_service.proto",
        "google/api/annotations.proto",
        "google/api/http.proto",
      ],
      { cwd: root },
    );
  } catch (error) {
    await directory.remove();
    throw error;
  }
  return {
    stop: directory.remove,
    async getIceServers({
      target,
      token = "-",
      ttlSeconds = 0,
      timeoutSeconds = 15,
      caFile,
      watch,
      repeatSeconds = 0,
    }) {
      const options = [
        ...[`--ttl-seconds=${ttlSeconds}`, `--timeout=${timeoutSeconds}`],
        `--repeat=${repeatSeconds}`,
      ];
      if (caFile !== undefined) {
        options.push(`--ca-file=${caFile}`);
      }
      if (watch === true) {
        options.push("--watch");
      }
      const output = await runPython([script, directory.path, target, token, ...options], {
        timeoutMs: (timeoutSeconds + repeatSeconds) * 1000 + 60_000,
      });
      return outcomeSchema.parse(JSON.parse(output));
    },
  };
}
