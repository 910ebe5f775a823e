import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const clientFile = fileURLToPath(new URL("../../clients/typescript/src/index.ts", import.meta.url));

export interface PageServer {
  /** Such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** Answers some requests itself, and says of each whether it has. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<boolean>;

/** Bundles a script with all that it imports. */
export async function bundleScript(scriptFile: string): Promise<string> {
  const bundle = await build({
    input: scriptFile,
    write: false,
    logLevel: "warn",
    resolve: {
      // Our sources name the files that the compiler makes of them.
      extensionAlias: { ".js": [".ts", ".js"] },
      alias: { "@ice-service/client": clientFile },
    },
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
  });
  return bundle.output[0].code;
}

/** Serves one page, at every path that no handler answers, that loads `scriptFile` as a bundle. */
export async function startPageServer(
  scriptFile: string,
  ...handlers: readonly RequestHandler[]
): Promise<PageServer> {
  const script = (await bundleScript(scriptFile)).replaceAll("</script", "<\\/script");
  const page = `<!doctype html><title>Test</title><script type="module">${script}</script>`;
  const server = createServer(async (request, response) => {
    for (const handle of handlers) {
      if (await handle(request, response)) {
        return;
      }
    }
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
