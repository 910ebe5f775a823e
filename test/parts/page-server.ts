import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "rolldown";

export interface PageServer {
  /** Such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** Serves one page, at every path, that loads `scriptFile` bundled with all that it imports. */
export async function startPageServer(scriptFile: string): Promise<PageServer> {
  const bundle = await build({
    input: scriptFile,
    write: false,
    logLevel: "warn",
    // Our sources name the files that the compiler makes of them.
    resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
  });
  const script = bundle.output[0].code.replaceAll("</script", "<\\/script");
  const page = `<!doctype html><title>Test</title><script type="module">${script}</script>`;
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
