import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { acceptsTcp, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

/** A proxy with the settings of docs/production.md, before two instances. */
export interface RestartProxy {
  /** HTTP/1.1, handed on as HTTP/1.1. */
  readonly http1Port: number;
  /** HTTP/2, handed on as HTTP/2. */
  readonly http2Port: number;
  output(): string;
  stop(): Promise<void>;
}

interface ProxyProgram {
  /** Of the block in the document. */
  readonly language: string;
  readonly command: string;
  /** The whole configuration around the block. */
  configure(block: string, directory: string): string;
  args(file: string, directory: string): string[];
}

/** Where a proxy logs that cannot log to a pipe. */
const logName = "error.log";

const apacheModules = [
  ...["mpm_event", "authz_core", "http2", "proxy", "proxy_http", "proxy_http2"],
  ...["proxy_balancer", "slotmem_shm", "lbmethod_byrequests"],
];

export const proxyPrograms = {
  nginx: {
    language: "nginx",
    command: "nginx",
    configure: (block, directory) => `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
${block}
}`,
    args: (file, directory) => ["-p", directory, "-c", file, "-e", "stderr"],
  },
  HAProxy: {
    language: "haproxy",
    command: "haproxy",
    configure: (block) => `global\n  log stderr format raw local0\n\n${block}\n`,
    args: (file) => ["-db", "-f", file],
  },
  Caddy: {
    language: "caddyfile",
    command: "caddy",
    // Its own port for commands would be taken by another Caddy.
    configure: (block) => `${block.replace("{", "{\n  admin off")}\n`,
    args: (file) => ["run", "--adapter", "caddyfile", "--config", file],
  },
  "Apache httpd": {
    language: "apache",
    command: "apache2",
    configure: (block, directory) => `
ServerRoot ${directory}
DefaultRuntimeDir ${directory}
PidFile ${directory}/apache.pid
ServerName localhost
# Clients' connections are not closed on them as they send: not idle ones, not for want of threads.
ThreadsPerChild 64
MaxKeepAliveRequests 0
KeepAliveTimeout 60
ErrorLog ${directory}/${logName}
${process.getuid?.() === 0 ? "User nobody\nGroup nogroup" : ""}
${apacheModules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
${block}
`,
    args: (file) => ["-X", "-f", file],
  },
} satisfies Record<string, ProxyProgram>;

export type ProxyName = keyof typeof proxyPrograms;

/** The blocks of the document that name the ports of both instances. */
function readBlock(language: string): string {
  const document = readFileSync(
    fileURLToPath(new URL("../../docs/production.md", import.meta.url)),
    "utf8",
  );
  const blocks = [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))]
    .map(([, block = ""]) => block)
    .filter((block) => block.includes(":8081") && block.includes(":8082"));
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) {
    throw new Error(`docs/production.md has ${blocks.length} ${language} blocks for restarts`);
  }
  return block;
}

/** Starts a proxy before instances on these ports of 127.0.0.1. */
export async function startRestartProxy(
  name: ProxyName,
  [first, second]: readonly [number, number],
): Promise<RestartProxy> {
  const program: ProxyProgram = proxyPrograms[name];
  const http1Port = await findFreePort();
  const http2Port = await findFreePort();
  const ports: Readonly<Record<string, number>> = {
    8081: first,
    8082: second,
    8000: http1Port,
    8001: http2Port,
  };
  const block = readBlock(program.language).replace(
    /:(808[12]|800[01])\b/g,
    (_, port: string) => `:${ports[port]}`,
  );
  const directory = await createTemporaryDirectory("proxy");
  const file = await directory.write("proxy.conf", program.configure(block, directory.path));
  const child = startProcess({
    name,
    command: program.command,
    args: program.args(file, directory.path),
    cwd: directory.path,
  });
  const logFile = `${directory.path}/${logName}`;
  const output = () =>
    `${child.stdout()}${child.stderr()}${existsSync(logFile) ? readFileSync(logFile, "utf8") : ""}`;
  async function stop() {
    await child.stop();
    await directory.remove();
  }
  try {
    await child.untilReady(() => acceptsTcp(http1Port));
    await child.untilReady(() => acceptsTcp(http2Port));
  } catch (error) {
    const cause = output();
    await stop();
    throw new Error(`${name} does not start: ${cause}`, { cause: error });
  }
  return {
    http1Port,
    http2Port,
    output,
    stop,
  };
}
