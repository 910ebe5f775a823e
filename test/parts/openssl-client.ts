import { z } from "zod";
import { runProgram } from "./child-process.js";

const outputSchema = z.object({ stdout: z.string(), stderr: z.string() });

/** What the server answers to a good request. */
export const healthy = '{"status":"healthy"}';
const healthRequest = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/**
 * Asks for /health over TLS with `openssl s_client`.
 * @returns all that it printed: the session, the answer, and the alert if the server sent one
 */
export async function askOverTls(port: number, ...args: string[]): Promise<string> {
  return runClient(port, ["-ign_eof", ...args], healthRequest);
}

/** Opens a TLS 1.2 session and asks for another handshake in it. */
export async function renegotiate(port: number): Promise<string> {
  return runClient(port, ["-tls1_2"], "R\n");
}

async function runClient(port: number, args: readonly string[], input: string): Promise<string> {
  const running = runProgram(
    "openssl",
    ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost", ...args],
    { timeout: 60_000 },
  );
  running.child.stdin?.on("error", () => {}).write(input);
  // It exits with 1 when the server refuses it.
  const output = await running.catch((error: unknown) => error);
  const { stdout, stderr } = outputSchema.parse(output);
  return `${stdout}${stderr}`;
}
