import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { readProxyBlocks } from "../parts/documented-proxies.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const [bootstrap = ""] = readProxyBlocks("Envoy", "yaml");

let directory: TemporaryDirectory;
let program: string;
beforeAll(async () => {
  directory = await createTemporaryDirectory("envoy");
  program = join(directory.path, "envoy-types");
  await runProgram("nice", ["go", "build", "-o", program, "."], {
    cwd: join(import.meta.dirname, "envoy-types"),
    timeout: 600_000,
  });
}, 600_000);
afterAll(() => directory.remove());

async function decode(yaml: string): Promise<string> {
  const file = await directory.write("bootstrap.yaml", yaml);
  const { stdout } = await runProgram("bash", ["-c", `${program} <${file}`]);
  return stdout.trim();
}

describe("the bootstrap of Envoy in docs/proxies.md", () => {
  it("has the fields of Envoy's types, and values that they allow", async () => {
    expect(await decode(bootstrap)).toBe("ice");
  });

  it.each([
    ["a field that is misspelled", "lb_policy", "lb_polcy", "lb_polcy"],
    ["one inside of an extension", "use_remote_address", "use_remote_adress", "use_remote_adress"],
    ["a value that is not allowed", "connect_timeout: 1s", "connect_timeout: 0s", "ConnectTimeout"],
    ["one inside of an extension", "stat_prefix: ice", 'stat_prefix: ""', "StatPrefix"],
    ["an extension that does not exist", "PreviousHostsPredicate", "OtherPredicate", "resolve"],
  ])("would not have %s: %s", async (_, good, bad, message) => {
    expect(bootstrap).toContain(good);
    await expect(decode(bootstrap.replace(good, bad))).rejects.toThrow(message);
  });
});
