import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { startRelayedLists } from "./relayed-lists.js";

/** The first build takes minutes: Maven gets the library. */
const buildTimeoutMs = 600_000;

it(
  "libwebrtc moves a call to a relay with the new credential, and keeps the policy",
  async () => {
    const directory = await createTemporaryDirectory("webrtc-java");
    await cp(join(import.meta.dirname, "webrtc-java"), directory.path, { recursive: true });
    const lists = await startRelayedLists();
    const [before, after] = [await lists.fetchTurnServer(600), await lists.fetchTurnServer(1200)];
    const args = [
      before.url,
      ...[before, after].flatMap((each) => [each.username, each.credential]),
    ];
    const { stdout } = await runProgram(
      "nice",
      ["mvn", "-q", "-B", "compile", "exec:java", `-Dexec.args=${args.join(" ")}`],
      { cwd: directory.path, env: process.env, timeout: buildTimeoutMs },
    );
    const output = lists.output();
    await lists.stop();
    await directory.remove();
    expect(stdout).toContain("new relay true, policy RELAY, OPEN\n");
    expect(output).toMatch(new RegExp(`user <${after.username}>.*ALLOCATE processed, success`));
  },
  buildTimeoutMs,
);
