import { existsSync, readFileSync } from "node:fs";
import { chown } from "node:fs/promises";
import { join } from "node:path";
import { acceptsTcp, type ChildProcess, runProgram, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface SquidOptions {
  /** Names that it resolves to 127.0.0.1, in addition to those of the system. */
  readonly hosts: readonly string[];
  /** Who may use it; everybody if absent. */
  readonly user?: { readonly name: string; readonly password: string };
}

export interface Squid {
  /** `host:port` */
  readonly address: string;
  /** The requests so far, such as `CONNECT idp.test:40123 200`. */
  requests(): string[];
  stop(): Promise<void>;
}

/** Squid refuses to run as root, so it runs as nobody. */
const nobody = 65534;
const isRoot = process.getuid?.() === 0;

/** Starts Squid as a forward proxy, which stores nothing. */
export async function startSquid({ hosts, user }: SquidOptions): Promise<Squid> {
  const directory = await createTemporaryDirectory("squid");
  const file = (name: string) => join(directory.path, name);
  const port = await findFreePort();
  // Two instances with the same name would share their memory.
  const name = `ice${port}`;
  const files = {
    hosts: hosts.map((host) => `127.0.0.1 ${host}\n`).join(""),
    users: user === undefined ? "" : `${user.name}:${await hashPassword(user.password)}`,
    "squid.conf": [
      `http_port 127.0.0.1:${port}`,
      `hosts_file ${file("hosts")}`,
      `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${file("users")}`,
      "acl known proxy_auth REQUIRED",
      ...(user === undefined ? [] : ["http_access deny !known"]),
      "http_access allow all",
      "cache deny all",
      "cache_mem 0",
      "pinger_enable off",
      "pid_filename none",
      `coredump_dir ${directory.path}`,
      "cache_log /dev/null",
      "logformat request %rm %ru %>Hs",
      `access_log stdio:${file("access.log")} request`,
      "shutdown_lifetime 0 seconds",
      "",
    ].join("\n"),
  };
  const paths = [directory.path];
  for (const [name, content] of Object.entries(files)) {
    paths.push(await directory.write(name, content));
  }
  if (isRoot) {
    await Promise.all(paths.map((path) => chown(path, nobody, nobody)));
  }
  const asNobody = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
  const child: ChildProcess = startProcess({
    name: "squid",
    command: "setpriv",
    args: [...(isRoot ? asNobody : []), "squid", "-N", "-n", name, "-f", file("squid.conf")],
    cwd: directory.path,
  });
  async function stop() {
    await child.stop();
    await directory.remove();
  }
  try {
    await child.untilReady(() => acceptsTcp(port));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address: `127.0.0.1:${port}`,
    requests() {
      const log = existsSync(file("access.log")) ? readFileSync(file("access.log"), "utf8") : "";
      return log.split("\n").slice(0, -1);
    },
    stop,
  };
}

async function hashPassword(password: string): Promise<string> {
  return (await runProgram("openssl", ["passwd", "-6", password])).stdout;
}
