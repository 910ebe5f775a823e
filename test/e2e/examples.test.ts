import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

let certificate: TestCertificate;
let service: IceService;
beforeAll(async () => {
  certificate = await createCertificate();
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
  await certificate.stop();
});

const examples = ["grpc-client.mjs", "connect-client.mjs", "watch-client.mjs"] as const;

function run(name: string, env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}/examples/${name}`], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], ...env },
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

describe.each(examples.slice(0, 2))("examples/%s", (name) => {
  it.each(["127.0.0.1", "localhost"])("calls over TLS at an https: URL of %s", (host) => {
    expect(
      run(name, {
        ICE_URL: service.url.replace("127.0.0.1", host),
        TOKEN: "a-token",
        NODE_EXTRA_CA_CERTS: certificate.caFile,
      }),
    ).toMatchObject({ status: 0, stdout: expect.stringContaining("stun:stun.example.com") });
  });

  it("trusts no other certificate", () => {
    const { status, stdout } = run(name, { ICE_URL: service.url, TOKEN: "a-token" });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  });
});

describe.each(examples)("examples/%s", (name) => {
  it("says in one line what to set, without a token", () => {
    const outcome = run(name, { ICE_URL: service.url });
    expect(outcome).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/^set TOKEN to [^\n]*\n$/),
    });
  });
});

describe("examples/grpc-client.mjs", () => {
  it.each(["127.0.0.1:8080", "localhost", "ftp://a"])("says what to set for the URL %s", (url) => {
    const { status, stderr } = run("grpc-client.mjs", { ICE_URL: url, TOKEN: "a-token" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^set ICE_URL to [^\n]*\n$/);
  });
});
