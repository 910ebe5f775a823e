import { readFileSync } from "node:fs";
import { chmod, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { findFreePort } from "../../parts/free-port.js";
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from "../../parts/temporary-directory.js";
import { connectorTokens } from "../../parts/tokens.js";
import { type BuiltImage, buildImage } from "./built-image.js";
import { type Container, startContainer } from "./container.js";

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")));
/** Half of what the chart gives a process, which leaves twice the 64 MiB that it promises. */
const memoryBytes = 128 * 1024 * 1024;
/** As on OpenShift: any user, whose group is root's. */
const user = { uid: 12345, gid: 0 };
const token = "image-test-token-image-test-token";

let image: BuiltImage;
let config: TemporaryDirectory;
beforeAll(async () => {
  image = await buildImage();
  config = await createTemporaryDirectory("config");
  await chmod(config.path, 0o750);
}, 900_000);
afterAll(async () => {
  await config?.remove();
  await image?.remove();
});

describe("the image's files", () => {
  it("name no user of the base image, and need no shell", () => {
    expect(image.config).toMatchObject({
      User: "65532:65532",
      Entrypoint: ["ice-service"],
      Cmd: ["serve"],
      StopSignal: "SIGTERM",
    });
    expect(image.config.Healthcheck.Test.slice(0, 2)).toEqual(["CMD", "node"]);
  });

  it("have no tool that builds, no source map of ours, and no native code", async () => {
    const app = join(image.rootPath, "app");
    const files = await readdir(app, { recursive: true });
    expect(files).toContain("dist/main.js");
    expect(files).toContain("node_modules/pino/package.json");
    expect(files.filter((file) => /^dist\/.*\.map$|\.node$/.test(file))).toEqual([]);
    for (const unneeded of ["typescript", "rolldown", "zod", "ioredis"]) {
      expect(files).not.toContain(`node_modules/${unneeded}`);
    }
  });

  it("can be read by any user, whatever the umask of the checkout was", async () => {
    const app = join(image.rootPath, "app");
    const files = await readdir(app, { recursive: true });
    const modes = await Promise.all(files.map((file) => stat(join(app, file))));
    expect(files.filter((_, index) => ((modes[index]?.mode ?? 0) & 0o004) === 0)).toEqual([]);
  });

  it("have the license and a place in the SBOM of each package that is installed", async () => {
    const read = (file: string) => readFile(join(image.rootPath, "app", file), "utf8");
    const notices = await read("THIRD_PARTY_NOTICES");
    const sbom = z
      .object({
        bomFormat: z.literal("CycloneDX"),
        metadata: z.object({ component: z.object({ name: z.string(), version: z.string() }) }),
        components: z.array(z.object({ purl: z.string() })),
      })
      .parse(JSON.parse(await read("sbom.cdx.json")));
    expect(sbom.metadata.component).toEqual({ name: "ice-service", version });
    const known = new Set(sbom.components.map(({ purl }) => purl));
    const files = await readdir(join(image.rootPath, "app"), { recursive: true });
    const manifests = files.filter((file) =>
      /^node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(file),
    );
    expect(manifests.length).toBeGreaterThan(10);
    for (const manifest of manifests) {
      const found = z
        .object({ name: z.string(), version: z.string() })
        .parse(JSON.parse(await read(manifest)));
      expect(notices).toContain(`\n${found.name} ${found.version} (`);
      expect(known).toContain(`pkg:npm/${found.name.replace("@", "%40")}@${found.version}`);
    }
  });
});

describe("the image's program, as any user, on a read-only file system, with little memory", () => {
  let container: Container;
  let url: string;
  beforeAll(async () => {
    const port = await findFreePort();
    url = `http://127.0.0.1:${port}`;
    await config.write("tokens.yaml", connectorTokens({ backend: token }), 0o640);
    await config.write("turn.secret", "image-test-secret-image-test-secret", 0o640);
    await config.write(
      "ice.yaml",
      `
auth: { connectorTokensFile: tokens.yaml }
ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: [turn.secret] } }
admin: false
shutdown: { delay: 0s }
`,
      0o640,
    );
    container = await startContainer(image, {
      user,
      memoryBytes,
      configPath: config.path,
      env: { ICE_CONFIG: "/config/ice.yaml", ICE_HOST: "127.0.0.1", ICE_PORT: String(port) },
    });
  });

  it("is judged by the health check", async () => {
    expect(await container.checkHealth()).toBe(0);
    expect(await container.checkHealth(await findFreePort())).toBe(1);
  });

  it("serves many calls at once, while its health is checked", async () => {
    expect(await container.readMemoryLimit()).toBe(memoryBytes);
    const call = async () => {
      const response = await fetch(`${url}/api/v1/ice-servers`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      return [response.status, await response.text()] as const;
    };
    const callers = Array.from({ length: 50 }, async () => {
      for (let index = 0; index < 100; index++) {
        const [status, body] = await call();
        expect(status).toBe(200);
        expect(body).toContain("turn:turn.example.com");
      }
    });
    const [health] = await Promise.all([container.checkHealth(), ...callers]);
    expect(health).toBe(0);
  });

  it("ends with 0 at the image's stop signal", async () => {
    expect(await container.stop()).toBe(0);
  });
});
