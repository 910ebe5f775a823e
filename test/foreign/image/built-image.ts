import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runProgram } from "../../parts/child-process.js";
import { createTemporaryDirectory } from "../../parts/temporary-directory.js";

const root = join(import.meta.dirname, "../../..");
const nodeImage = "localhost/node";
const image = "localhost/ice-service";
const authorities = "/etc/ssl/certs/ca-certificates.crt";
const npmCache = "/root/.npm";
/** The build installs the packages, on a machine that may be busy. */
const buildTimeoutMs = 600_000;

const inspection = z.object({
  Docker: z.object({
    config: z.object({
      User: z.string(),
      Env: z.array(z.string()),
      Entrypoint: z.array(z.string()),
      Cmd: z.array(z.string()),
      WorkingDir: z.string(),
      StopSignal: z.string(),
      Healthcheck: z.object({ Test: z.array(z.string()) }),
    }),
  }),
});

export type ImageConfig = z.infer<typeof inspection>["Docker"]["config"];

export interface BuiltImage {
  /** What the Dockerfile says about how to run it. */
  readonly config: ImageConfig;
  /** The folder that holds its files. */
  readonly rootPath: string;
  remove(): Promise<void>;
}

/**
 * Builds the Dockerfile's image with buildah, as root, with the Node that the Dockerfile names.
 * buildah keeps all that it makes in a temporary directory.
 */
export async function buildImage(): Promise<BuiltImage> {
  if (process.getuid?.() !== 0) {
    throw new Error("The image is built and run as root: start the test with sudo");
  }
  const directory = await createTemporaryDirectory("image");
  const storage = await directory.write(
    "storage.conf",
    `[storage]
driver = "vfs"
graphroot = "${directory.path}/storage"
runroot = "${directory.path}/run"
`,
  );
  const env = { ...process.env, CONTAINERS_STORAGE_CONF: storage };
  async function run(command: string, ...args: readonly string[]): Promise<string> {
    const options = { cwd: root, env, timeout: buildTimeoutMs, maxBuffer: 16 * 1024 * 1024 };
    return (await runProgram("nice", [command, ...args], options)).stdout.trim();
  }

  /** The packages come from where this machine gets them. The files are not part of the image. */
  async function mountNpm(): Promise<string[]> {
    const own = await readFile(join(homedir(), ".npmrc"), "utf8").catch(() => "");
    const authorityFile = await run("npm", "config", "get", "cafile");
    const registry = await run("npm", "config", "get", "registry");
    const npmrc = await directory.write(
      "npmrc",
      `${own}\nregistry=${registry}\ncafile=${authorities}\ncache=${npmCache}\nprefer-offline=true\n`,
    );
    const mounts = [
      `${npmrc}:/root/.npmrc:ro`,
      `${await run("npm", "config", "get", "cache")}:${npmCache}`,
      `${authorityFile === "null" ? authorities : authorityFile}:${authorities}:ro`,
    ];
    return mounts.map((mount) => `--volume=${mount}`);
  }

  /** The files for the build, as a checkout of somebody with the umask 077 has them. */
  async function copyContext(): Promise<string> {
    const kept = readFileSync(join(root, ".dockerignore"), "utf8").match(/(?<=^!).+/gm) ?? [];
    const context = `${directory.path}/context`;
    const files = ["Dockerfile", ".dockerignore", ...kept].join(" ");
    const copy = `umask 077; mkdir ${context}; cp -r --parents --no-preserve=mode ${files} ${context}`;
    await run("bash", "-c", copy);
    return context;
  }

  try {
    const [, major = ""] =
      /^ARG NODE_IMAGE=node:(\d+)-slim$/m.exec(readFileSync(join(root, "Dockerfile"), "utf8")) ??
      [];
    await run("bash", join(import.meta.dirname, "node-image.sh"), major, nodeImage);
    await run(
      "buildah",
      ...["build", "--isolation=chroot", "--network=host", "--pull=never"],
      // The OCI format has no HEALTHCHECK.
      "--format=docker",
      ...[`--build-arg=NODE_IMAGE=${nodeImage}`, `--tag=${image}`],
      ...(await mountNpm()),
      await copyContext(),
    );
    const about = inspection.parse(
      JSON.parse(await run("buildah", "inspect", "--type=image", image)),
    );
    const container = await run("buildah", "from", "--pull=never", image);
    const rootPath = await run("buildah", "mount", container);
    return { config: about.Docker.config, rootPath, remove: directory.remove };
  } catch (error) {
    await directory.remove();
    throw error;
  }
}
