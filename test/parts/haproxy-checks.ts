import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { startProcess } from "./child-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

/** How HAProxy checks a server. */
export interface HealthCheck {
  /** The port on 127.0.0.1. */
  readonly port: number;
  /** Of the backend, such as `option httpchk`. */
  readonly lines: readonly string[];
  /** After `check`, on the server's line, such as `proto h2`. */
  readonly server?: string;
}

/**
 * Lets HAProxy check servers until it knows of each whether it is up.
 * @returns what HAProxy says of each check: state, kind of result, and HTTP status, such as `UP L7OK 204`
 */
export async function runHaproxyChecks(checks: readonly HealthCheck[]): Promise<string[]> {
  const directory = await createTemporaryDirectory("haproxy-checks");
  const backends = checks.map(
    ({ port, lines, server = "" }, index) => `
backend b${index}
  ${lines.join("\n  ")}
  server s 127.0.0.1:${port} check inter 30s fall 1 rise 1 ${server}
`,
  );
  const configFile = await directory.write(
    "haproxy.cfg",
    `
global
  log stderr format raw local0
  stats socket ${directory.path}/stats level user
  # "inter" is also how long a connection may take. The first checks would be spread over it.
  max-spread-checks 100ms
defaults
  mode http
  timeout connect 30s
  timeout client 30s
  timeout server 30s
  timeout check 30s
${backends.join("")}`,
  );
  const haproxy = startProcess({
    name: "haproxy",
    command: "haproxy",
    args: ["-db", "-f", configFile],
    cwd: directory.path,
  });
  try {
    return await haproxy.untilReady(() => readResults(`${directory.path}/stats`));
  } finally {
    await haproxy.stop();
    await directory.remove();
  }
}

/** @returns undefined while there is a server that has not been checked */
async function readResults(socketPath: string): Promise<string[] | undefined> {
  const socket = connect(socketPath);
  await once(socket, "connect");
  socket.write("show stat\n");
  const [head = "", ...rows] = (await text(socket)).trim().split("\n");
  const names = head.replace(/^# /, "").split(",");
  const results = rows
    .map((row) => row.split(","))
    .map((fields) => new Map(names.map((name, index) => [name, fields[index] ?? ""])))
    .filter((row) => row.get("svname") === "s")
    .map((row) => ["status", "check_status", "check_code"].map((name) => row.get(name)));
  const isChecked = results.every(([, result = ""]) => !/^(INI|\*|)($| )/.test(result));
  return isChecked ? results.map((result) => result.join(" ").trim()) : undefined;
}
