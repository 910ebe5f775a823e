import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

const root = join(import.meta.dirname, "../..");
const templateSchema = z.object({ plugins: z.array(z.object({ out: z.string() })) });
const template = templateSchema.parse(
  parse(await readFile(join(root, "clients/buf.gen.yaml"), "utf8")),
);
const folders = [...new Set(template.plugins.map(({ out }) => out))];

let generated: string;
/** A folder with the few programs that every machine has. */
let bareMachine: string;
beforeAll(async () => {
  const directory = await createTemporaryDirectory("generated-clients");
  generated = directory.path;
  bareMachine = join(directory.path, "bin");
  await mkdir(bareMachine);
  for (const program of ["bash", "dirname", "sort"]) {
    await symlink(`/usr/bin/${program}`, join(bareMachine, program));
  }
  await runProgram("bash", ["clients/generate.sh", "-o", generated], {
    cwd: root,
    timeout: 600_000,
  });
  return () => directory.remove();
}, 600_000);

describe("npm run generate:clients", () => {
  it.each(folders)("generates what is in %s, to the byte", async (folder) => {
    await runProgram("diff", [
      "--recursive",
      "--exclude=__pycache__",
      join(root, folder),
      join(generated, folder),
    ]);
  });

  it.each([
    ["without Go", "golang-go", {}],
    ["with the Go of Debian 12", "golang-go", { go: "echo go1.19.8" }],
    ["without Python", "python3-venv", { go: "echo go1.24.4" }],
  ])("says what to install on a machine %s", async (_, packageName, programs) => {
    const functions = Object.entries(programs).map(([name, code]) => [
      `BASH_FUNC_${name}%%`,
      `() { ${code}; }`,
    ]);
    await expect(
      runProgram("/usr/bin/bash", ["clients/generate.sh"], {
        cwd: root,
        env: { PATH: bareMachine, ...Object.fromEntries(functions) },
      }),
    ).rejects.toThrow(`apt-get install ${packageName}`);
  });
});

/** The page's commands for a language write below the folder of its name. */
const guide = await readFile(join(root, "docs/generated-clients.md"), "utf8");
function findCommands(language: string): string {
  const [, section = ""] = new RegExp(`^## ${language}\n(.*?)(?=^## )`, "ms").exec(guide) ?? [];
  const [, commands = ""] = /^```sh\n(.*?)^```/ms.exec(section) ?? [];
  return commands;
}

describe("the commands of docs/generated-clients.md", () => {
  it.each([
    ["Go", "ice/v1/ice_service_grpc.pb.go", "func NewIceServiceClient("],
    ["TypeScript", "ice/v1/ice_service_pb.ts", "export const IceService:"],
    ["Ruby", "ice/v1/ice_service_services_pb.rb", "module Example\n  module IceService"],
    ["PHP", "Example/IceService/V1/IceServiceClient.php", "namespace Example\\IceService\\V1;"],
  ])("generate a client for %s", { timeout: 300_000 }, async (language, file, content) => {
    const out = join(generated, language);
    const env = { ...process.env, OUT: out };
    await runProgram("bash", ["-euc", findCommands(language)], { cwd: root, env });
    expect(await readFile(join(out, file), "utf8")).toContain(content);
  });

  it("are not needed to know the namespace of C#", async () => {
    const args = ["-I", "proto", "-I", "third_party/proto", "ice/v1/ice_service.proto"];
    await runProgram("protoc", [...args, `--csharp_out=${generated}`], { cwd: root });
    const code = await readFile(join(generated, "IceService.cs"), "utf8");
    expect(code).toContain("namespace Example.IceService.V1 {");
  });
});
