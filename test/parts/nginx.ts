import { findFreePort } from "./free-port.js";
import { startProxy } from "./proxy-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface NginxOptions {
  /** Where its connections to the service come from; 127.0.0.1 by default. */
  readonly sourceAddress?: string;
  /** The service's port on 127.0.0.1, in the clear. */
  readonly upstreamPort: number;
  /** How long it waits for the service to say more; 60 by default. */
  readonly readTimeoutSeconds?: number;
  /** With it, nginx serves both ports over TLS. */
  readonly certificate?: { readonly certFile: string; readonly keyFile: string };
}

export interface Nginx {
  /** HTTP/1.1, handed on with proxy_pass. */
  readonly restUrl: string;
  /** HTTP/2, handed on with grpc_pass: `127.0.0.1:<port>`. */
  readonly grpcTarget: string;
  output(): string;
  stop(): Promise<void>;
}

/** Starts nginx as a reverse proxy in front of the service. */
export async function startNginx({
  upstreamPort,
  certificate,
  sourceAddress = "127.0.0.1",
  readTimeoutSeconds = 60,
}: NginxOptions): Promise<Nginx> {
  const restPort = await findFreePort();
  const grpcPort = await findFreePort();
  const directory = await createTemporaryDirectory("nginx");
  const ssl = certificate === undefined ? "" : " ssl";
  const configFile = await directory.write(
    "nginx.conf",
    `
daemon off;
# One process, so that its pid is all there is to end.
master_process off;
pid nginx.pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  ${certificate === undefined ? "" : `ssl_certificate ${certificate.certFile}; ssl_certificate_key ${certificate.keyFile};`}
  proxy_read_timeout ${readTimeoutSeconds}s;
  grpc_read_timeout ${readTimeoutSeconds}s;
  proxy_bind ${sourceAddress};
  grpc_bind ${sourceAddress};
  # Two, since nginx would reuse the HTTP/1.1 connections of one for gRPC.
  upstream rest { server 127.0.0.1:${upstreamPort}; keepalive 4; }
  upstream grpc { server 127.0.0.1:${upstreamPort}; keepalive 4; }
  server {
    listen 127.0.0.1:${restPort}${ssl};
    location / {
      proxy_pass http://rest;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
  server {
    listen 127.0.0.1:${grpcPort}${ssl} http2;
    location / { grpc_pass grpc://grpc; }
  }
}
`,
  );
  const { child, stop } = await startProxy({
    name: "nginx",
    args: ["-p", directory.path, "-c", configFile, "-e", "stderr"],
    directory,
    ports: [restPort, grpcPort],
  });
  return {
    restUrl: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${restPort}`,
    grpcTarget: `127.0.0.1:${grpcPort}`,
    output: child.stderr,
    stop,
  };
}
