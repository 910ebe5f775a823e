import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { runProgram } from "../parts/child-process.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

let certificate: TestCertificate;
let generated: TemporaryDirectory;
let service: IceService;
beforeAll(async () => {
  certificate = await createCertificate();
  generated = await createTemporaryDirectory("examples");
  await runProgram(
    "protoc",
    [
      ...["-Iproto", "-Ithird_party/proto", `--python_out=${generated.path}`],
      `--grpc_python_out=${generated.path}`,
      "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
      ...["ice/v1/ice_service.proto", "google/api/annotations.proto", "google/api/http.proto"],
    ],
    { cwd: root },
  );
  const { certFile, keyFile } = certificate;
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ a: "a-token" }) },
    config: {
      listen: { tls: { certFile, keyFile } },
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: ["stun:stun.example.com"] },
    },
  });
});
afterAll(async () => {
  await service.stop();
  await generated.remove();
  await certificate.stop();
});

const node = process.execPath;
const examples = [
  ["grpc-client.mjs", node],
  ["grpc_client.py", "/usr/bin/python3"],
  ["connect-client.mjs", node],
  ["watch-client.mjs", node],
] as const;

function run(name: string, command: string, env: Record<string, string>, code = generated.path) {
  const { status, stdout, stderr } = spawnSync(command, [`${root}/examples/${name}`], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], PYTHONPATH: code, PYTHONDONTWRITEBYTECODE: "1", ...env },
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

describe.each(examples.slice(0, 3))("examples/%s", (name, command) => {
  it.each(["127.0.0.1", "localhost"])("calls over TLS at an https: URL of %s", (host) => {
    expect(
      run(name, command, {
        ICE_URL: service.url.replace("127.0.0.1", host),
        TOKEN: "a-token",
        GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: certificate.caFile,
        NODE_EXTRA_CA_CERTS: certificate.caFile,
      }),
    ).toMatchObject({ status: 0, stdout: expect.stringContaining("stun:stun.example.com") });
  });

  it("trusts no other certificate", () => {
    const { status, stdout } = run(name, command, { ICE_URL: service.url, TOKEN: "a-token" });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  });
});

describe.each(examples)("examples/%s", (name, command) => {
  it("says in one line what to set, without a token", () => {
    const outcome = run(name, command, { ICE_URL: service.url }, "/nowhere");
    expect(outcome).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/^set TOKEN to [^\n]*\n$/),
    });
  });
});

describe.each(examples.slice(0, 2))("examples/%s", (name, command) => {
  it.each(["127.0.0.1:8080", "localhost", "ftp://a"])("says what to set for the URL %s", (url) => {
    const { status, stderr } = run(name, command, { ICE_URL: url, TOKEN: "a-token" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^set ICE_URL to [^\n]*\n$/);
  });
});
