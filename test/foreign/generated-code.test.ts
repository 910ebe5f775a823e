import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const root = join(import.meta.dirname, "../..");

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory("generated");
});
afterAll(() => directory.remove());

async function generate(output: string): Promise<void> {
  const include = ["-I", "proto", "-I", "third_party/proto"];
  await runProgram("protoc", [...include, output, "ice/v1/ice_service.proto"], { cwd: root });
}

describe("the code that protoc generates", () => {
  it.each([
    ["csharp", "IceService.cs", "namespace Example.IceService.V1 {"],
    ["php", "Example/IceService/V1/IceServer.php", "namespace Example\\IceService\\V1;"],
    ["php", "Example/IceService/V1/GPBMetadata/IceService.php", "GPBMetadata"],
    ["ruby", "ice/v1/ice_service_pb.rb", "module Example\n  module IceService\n    module V1"],
  ])("for %s has its namespace in %s", async (language, file, namespace) => {
    await generate(`--${language}_out=${directory.path}`);
    expect(await readFile(join(directory.path, file), "utf8")).toContain(namespace);
  });
});
