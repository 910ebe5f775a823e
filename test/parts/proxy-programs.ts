/** How a proxy is started with a block of the documents. */
export interface ProxyProgram {
  /** Of the block in the document. */
  readonly language: string;
  readonly command: string;
  /** The whole configuration around the block. */
  configure(block: string, directory: string): string;
  args(file: string, directory: string): string[];
}

const apacheModules = [
  ...["mpm_event", "authz_core", "http2", "proxy", "proxy_http"],
  ...["proxy_balancer", "slotmem_shm", "lbmethod_byrequests", "ssl", "proxy_hcheck"],
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
    // Its own port for commands would be taken by another Caddy, as would port 80.
    configure: (block) =>
      `${block.replace(/^\{/, "{\n  admin off\n  auto_https disable_redirects")}\n`,
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
ErrorLog ${directory}/error.log
${process.getuid?.() === 0 ? "User nobody\nGroup nogroup" : ""}
${apacheModules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
${block}
`,
    args: (file) => ["-X", "-f", file],
  },
} satisfies Record<string, ProxyProgram>;

export type ProxyName = keyof typeof proxyPrograms;
