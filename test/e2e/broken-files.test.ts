import { rename } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const size = 250_000;
const closers = `tokens: [${"}".repeat(size)}`;

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await createTemporaryDirectory("broken-files");
  await directory.write("tokens.yaml", connectorTokens({ a: "a-token" }));
  await directory.write("deny.yaml", "deny: []");
  await directory.write(
    "ice.yaml",
    `auth: { connectorTokensFile: tokens.yaml, denyListFile: deny.yaml }
ice: { turn: { urls: ["turn:a.example.com"], secretFiles: [s] } }`,
  );
  await directory.write("s", "a-secret-of-the-turn-server");
});
afterEach(() => directory.remove());

async function run(args: readonly string[]) {
  const result = await runProgram(process.execPath, [program, ...args], {
    cwd: directory.path,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { code: number; stderr: string }) => error);
  return { code: "code" in result ? result.code : 0, stderr: result.stderr };
}

const contents: [what: string, content: string][] = [
  ["closing braces", closers],
  ["quotes without commas", `tokens: [${'"a" '.repeat(size / 4)}`],
  ["open brackets", "[".repeat(size)],
  ["keys of keys", `tokens: [${"a: ".repeat(size / 3)}`],
  ["entries that are none", `tokens: [${"1,".repeat(size / 2)}]`],
  ["keys that are unknown", Array.from({ length: 9_000 }, (_, n) => `k${n}: 1`).join("\n")],
  ["one long key", `${"k".repeat(size)}: 1`],
];
const commands = [
  ["config", "check"],
  ["serve"],
  ["check"],
  ["secret", "status", "--turn-db", "sqlite:none.sqlite", "--realm", "r"],
];

describe.each(contents)("a file of 250 KB with %s", (_, content) => {
  it.each(["tokens.yaml", "deny.yaml", "ice.yaml"])(
    "is refused in few words as %s",
    async (name) => {
      await directory.write(name, content);
      const { code, stderr } = await run(["config", "check", "--config", "ice.yaml"]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^The configuration cannot be used:\n/);
      expect(stderr.match(/→/g)?.length).toBeLessThanOrEqual(20);
      expect(stderr.length).toBeLessThan(24_000);
    },
  );
});

it.each(commands)("%s %s refuses a broken configuration in few words", async (...args) => {
  await directory.write("ice.yaml", closers);
  const { code, stderr } = await run([...args, "--config", "ice.yaml"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^The configuration cannot be used:\n/);
  expect(stderr).toMatch(/\n {2}and \d{5} more\n$/);
  expect(stderr.length).toBeLessThan(6_000);
});

describe.each([[[]], [["--workers", "2"]]])("a reload of serve %s", (args) => {
  let service: IceService;
  afterEach(async () => {
    expect(await service.stop()).toBe(0);
  });

  it("tells a broken file in one short line, and goes on", async () => {
    service = await startIceService({
      args,
      config: {
        auth: { connectorTokensFile: join(directory.path, "tokens.yaml") },
        shutdown: { delay: "0s", timeout: "1s" },
      },
    });
    const replace = async (content: string) =>
      rename(await directory.write("new", content), join(directory.path, "tokens.yaml"));
    const logged = (text: string) => service.logs().filter(({ msg }) => msg === text);
    await replace(closers);
    await expect
      .poll(() => logged("configuration not reloaded: the running one stays"), { timeout: 20_000 })
      .toHaveLength(1);
    const [line] = logged("configuration not reloaded: the running one stays");
    expect(line).toMatchObject({ andMore: 249_980 });
    expect(line?.["problems"]).toHaveLength(20);
    expect(JSON.stringify(line).length).toBeLessThan(16_000);
    await replace(connectorTokens({ b: "b-token" }));
    await expect.poll(() => logged("configuration reloaded"), { timeout: 20_000 }).toHaveLength(1);
    const answer = await fetch(`${service.url}/api/v1/ice-servers?token=b-token`);
    expect(answer.status).toBe(200);
  });
});
