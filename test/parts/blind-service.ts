import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { parseMetrics, type Scrape } from "./metrics.js";
import { createSubjectTokens } from "./subject-tokens.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

const builtProgram = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
/** As for startIceService. */
const node = process.env["ICE_TEST_NODE"] ?? process.execPath;

export interface BlindServiceOptions {
  /**
   * The shell command that becomes the service: `"$@" 2>/dev/full`, say. It runs in a directory of
   * its own, where the shell's process is to be replaced by the service's (`exec`).
   */
  readonly shell: string;
  readonly workers: number;
  /** The subject of the caller's token. */
  readonly subject?: string;
  readonly log?: { readonly format?: string; readonly level?: string };
}

/** A service whose log may never arrive. */
export interface BlindService {
  readonly pid: number;
  readonly port: number;
  /** The directory that it was started in. */
  readonly directory: string;
  /** @returns the status of a call of GetIceServers on a connection of its own */
  call(path?: string): Promise<number>;
  scrape(): Promise<Scrape>;
  stderr(): string;
  /** Ends it and returns its exit code; null when it had to be killed. */
  stop(): Promise<number | null>;
}

/** Starts the built program so that a shell decides where its log goes. */
export async function startBlindService({
  shell,
  workers,
  subject = "blind",
  log = {},
}: BlindServiceOptions): Promise<BlindService> {
  const directory = await createTemporaryDirectory("blind");
  const [port, adminPort] = [await findFreePort(), await findFreePort()];
  const tokens = createSubjectTokens();
  for (const [name, content] of Object.entries(tokens.files)) {
    await directory.write(name, content);
  }
  const token = await tokens.sign(subject);
  const config = await directory.write(
    "ice.yaml",
    stringify({
      listen: { host: "127.0.0.1", port },
      admin: { host: "127.0.0.1", port: adminPort },
      auth: { jwt: tokens.jwt },
      shutdown: { delay: "0s", timeout: "2s" },
      log,
    }),
  );
  const serve = ["serve", "--config", config, "--workers", String(workers)];
  const child = startProcess({
    name: "ice-service",
    command: "bash",
    args: ["-c", shell, "bash", node, builtProgram, ...serve],
    cwd: directory.path,
  });
  const url = `http://127.0.0.1:${port}`;
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const ask = async (target: string) => {
    const headers = { authorization: `Bearer ${token}`, connection: "close" };
    const response = await fetch(target, { headers, signal: AbortSignal.timeout(10_000) });
    return { status: response.status, body: await response.text() };
  };
  async function stop() {
    const exitCode = await child.stop();
    await directory.remove();
    return exitCode;
  }
  try {
    await child.untilReady(
      async () => (await ask(`${adminUrl}/readyz`)).status === 200 || undefined,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid,
    port,
    directory: directory.path,
    call: async (path = "/api/v1/ice-servers") => (await ask(url + path)).status,
    scrape: async () => parseMetrics((await ask(`${adminUrl}/metrics`)).body),
    stderr: child.stderr,
    stop,
  };
}
