import { fileURLToPath } from "node:url";
import { type ChildProcess, runProgram, startProcess } from "./child-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

const shim = fileURLToPath(new URL("one-libsoup.c", import.meta.url));
const audio =
  "audiotestsrc is-live=true ! audioconvert ! opusenc ! rtpopuspay pt=100 ssrc=1 ! queue ! application/x-rtp,media=audio,encoding-name=OPUS,payload=100";

/**
 * Publishes a tone with Debian's simple-whip-client, a WHIP client (RFC 9725) made of GStreamer. It
 * takes its TURN servers from the endpoint's Link headers, and uses nothing but their relays.
 */
export async function startWhipClient(
  url: string,
  token: string,
): Promise<Pick<ChildProcess, "stdout" | "stderr" | "stop">> {
  const directory = await createTemporaryDirectory("whip-client");
  const library = `${directory.path}/one-libsoup.so`;
  await runProgram("gcc", ["-shared", "-fPIC", "-nostdlib", "-o", library, shim]);
  const child = startProcess({
    name: "whip-client",
    command: "whip-client",
    args: ["-u", url, "-t", token, "-f", "-F", "-o", "-A", audio],
    cwd: directory.path,
    env: { HOME: directory.path, LD_PRELOAD: library },
  });
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    async stop() {
      const exitCode = await child.stop("SIGINT");
      await directory.remove();
      return exitCode;
    },
  };
}
