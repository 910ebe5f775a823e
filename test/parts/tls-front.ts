import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";

/** Takes TLS alone, unlike coturn, and hands what is in it to a server on loopback. */
export async function startTlsFront({
  certificate,
  upstreamPort,
}: {
  readonly certificate: { readonly certFile: string; readonly keyFile: string };
  readonly upstreamPort: number;
}): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const server = createServer(
    { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) },
    (socket) => {
      const upstream = connect(upstreamPort, "127.0.0.1");
      socket.pipe(upstream).pipe(socket);
      socket.on("error", () => upstream.destroy());
      upstream.on("error", () => socket.destroy());
    },
  );
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      await once(server, "close");
    },
  };
}
