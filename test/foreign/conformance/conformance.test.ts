import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { runProgram } from "../../parts/child-process.js";
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from "../../parts/temporary-directory.js";
import { findGoSource, findGoTool } from "../go-tools.js";

/** As for the built program: another Node than the tests' own where ICE_TEST_NODE names one. */
const node = process.env["ICE_TEST_NODE"] ?? process.execPath;
const here = (name: string) => join(import.meta.dirname, name);

const failedRunSchema = z.looseObject({ code: z.literal(1), stdout: z.string() });

let directory: TemporaryDirectory;
let serverFile: string;
beforeAll(async () => {
  directory = await createTemporaryDirectory("conformance");
  serverFile = join(directory.path, "server-under-test.mjs");
  const bundle = await rolldown({ input: here("server-under-test.ts"), platform: "node" });
  await bundle.write({ file: serverFile, format: "esm" });
  await bundle.close();
});
afterAll(() => directory.remove());

describe("connectconformance", () => {
  it.each([
    { protocol: "PROTOCOL_CONNECT", cases: 2264 },
    { protocol: "PROTOCOL_GRPC", cases: 1206 },
    { protocol: "PROTOCOL_GRPC_WEB", cases: 1816 },
  ])("passes all $cases cases of $protocol", async ({ protocol, cases }) => {
    const { features } = parse(await readFile(here("features.yaml"), "utf8"));
    const config = stringify({ features: { ...features, protocols: [protocol] } });
    const output = await judge(await directory.write(`${protocol}.yaml`, config));
    expect(output).toBe(`Total cases: ${cases}\n${cases} passed, 0 failed\n`);
  });
});

/** Returns what the official runner says of the server: its failures, then how many passed. */
async function judge(configFile: string): Promise<string> {
  const args = ["--mode", "server", "--conf", configFile, "--max-servers", "2"];
  const knownFailing = ["--known-failing", `@${here("known-failing.txt")}`];
  const run = runProgram(
    findGoTool("connectconformance"),
    [...args, ...knownFailing, "--", node, serverFile],
    { timeout: 240_000, maxBuffer: 64 * 1024 * 1024 },
  );
  // Exit code 1 means that cases failed, and the output names them.
  const { stdout } = await run.catch((error: unknown) => failedRunSchema.parse(error));
  return stdout;
}

describe("the generated code of ConformanceService", () => {
  it("is what the suite's schema generates", async () => {
    const source = join(await findGoSource("connectconformance"), "proto");
    const template = stringify({
      version: "v2",
      plugins: [
        { local: "protoc-gen-es", out: directory.path, opt: ["target=ts", "import_extension=js"] },
      ],
    });
    const templateFile = await directory.write("buf.gen.yaml", template);
    const paths = ["service", "config", "server_compat"].flatMap((name) => [
      "--path",
      join(source, "connectrpc/conformance/v1", `${name}.proto`),
    ]);
    await runProgram("npx", ["buf", "generate", source, "--template", templateFile, ...paths]);
    for (const name of ["service_pb.ts", "config_pb.ts", "server_compat_pb.ts"]) {
      const file = join("connectrpc/conformance/v1", name);
      const generated = await readFile(join(directory.path, file), "utf8");
      expect(generated).toBe(await readFile(here(`gen/${file}`), "utf8"));
    }
  });
});
