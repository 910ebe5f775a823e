import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import type { IceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { servesFor, startCalledService, token } from "./called-service.js";

const root = join(import.meta.dirname, "../..");
const slow = { timeout: 300_000 };

let directory: TemporaryDirectory;
let service: IceService;
beforeAll(async () => {
  directory = await createTemporaryDirectory("generated");
  service = await startCalledService();
});
afterAll(async () => {
  await service.stop();
  await directory.remove();
});

async function generate(...args: string[]): Promise<void> {
  const include = ["-I", "proto", "-I", "third_party/proto"];
  await runProgram("protoc", [...include, ...args, "ice/v1/ice_service.proto"], { cwd: root });
}

/** Runs a program that may take its time, with the token in its environment. */
async function run(command: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, TOKEN: token };
  const { stdout } = await runProgram(command, args, { cwd: directory.path, env, ...slow });
  return stdout;
}

describe("the Java code that protoc generates", () => {
  it("calls GetIceServers over Connect", slow, async () => {
    await cp(join(import.meta.dirname, "java-client"), directory.path, { recursive: true });
    await generate(`--java_out=${directory.path}`);
    const file = join(directory.path, "response.json");
    const args = `-Dexec.args=${service.url} ${file}`;
    await run("nice", "mvn", "-q", "-B", "compile", "exec:java", args);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(servesFor(600));
  });
});

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
