import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type ChildProcess, startProcess } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";
import type { IceService } from "../parts/ice-service.js";
import { servesFor, startCalledService, token } from "./called-service.js";

const root = join(import.meta.dirname, "../..");
const neverReachedUrl = "http://127.0.0.1:1";
/** Maven writes escape sequences around it. */
const listLine = /\{"iceServers".*\}/g;

/** An example that prints a list, or with `--watch` each list on a line of its own. */
export interface ListProgram {
  readonly command: string;
  readonly args: readonly string[];
}

/** The command below a heading of a README, to be run at the root of the repository. */
export async function readCommand(file: string, heading: string): Promise<string> {
  const [, section = ""] = (await readFile(join(root, file), "utf8")).split(`\n## ${heading}\n`);
  const [, command = ""] = /^```sh\n(.*?)\n```/s.exec(section.slice(section.indexOf("```"))) ?? [];
  expect(command).toMatch(/^[^\n]+$/);
  return command;
}

/** The lists that a program has printed. */
export function parseLists(stdout: string): unknown[] {
  return [...stdout.matchAll(listLine)].map(([list]) => JSON.parse(list));
}

/** A list, of which not all examples print `expireTime`. */
export const printedList = expect.objectContaining({
  iceServers: servesFor(3600).iceServers,
  ttlSeconds: expect.toSatisfy((seconds) => seconds > 3590 && seconds <= 3600),
});

/** What each example in `clients` does, in whatever language. */
export function describeListProgram(name: string, program: ListProgram): void {
  function start(env: Readonly<Record<string, string>>, ...args: readonly string[]): ChildProcess {
    return startProcess({
      name,
      command: program.command,
      args: [...program.args, ...args],
      cwd: root,
      env: { TOKEN: token, ...env },
    });
  }

  async function run(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
    const child = start(env, ...args);
    // It ends by itself; the signal changes nothing.
    const status = await child.stop("SIGCONT");
    return { status, lists: parseLists(child.stdout()), stderr: child.stderr() };
  }

  describe(name, () => {
    let certificate: TestCertificate;
    let clear: IceService;
    let secure: IceService;
    beforeAll(async () => {
      certificate = await createCertificate();
      [clear, secure] = await Promise.all([startCalledService(), startCalledService(certificate)]);
      return () => Promise.all([clear.stop(), secure.stop(), certificate.stop()]);
    });

    it("prints a list", async () => {
      const outcome = await run({ ICE_URL: clear.url });
      expect(outcome).toMatchObject({ status: 0, lists: [printedList] });
    });

    it("prints a list that came over TLS", async () => {
      const outcome = await run({ ICE_URL: secure.url, ICE_CA_FILE: certificate.caFile });
      expect(outcome).toMatchObject({ status: 0, lists: [printedList] });
    });

    it("trusts no authority that it does not know", async () => {
      const outcome = await run({ ICE_URL: secure.url });
      expect(outcome).toEqual({
        status: 1,
        lists: [],
        stderr: expect.stringMatching(/^unavailable: .*certificat/i),
      });
    });

    it("sends no token that a header cannot carry, and does not show it", async () => {
      const { status, stderr } = await run({ ICE_URL: clear.url, TOKEN: "wrong-token\n" });
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(/^[^\n]* a character that a header cannot carry\n$/),
      });
    });

    it.each([
      ["a list", []],
      ["a watch", ["--watch"]],
    ])("says that its token is rejected for %s, and not the token", async (_, args) => {
      const env = { ICE_URL: clear.url, TOKEN: "wrong-token" };
      const { status, lists, stderr } = await run(env, ...args);
      expect({ status, lists }).toEqual({ status: 1, lists: [] });
      expect(stderr).toMatch(/^unauthenticated: [^\n]*\n$/i);
      expect(stderr).not.toContain("wrong-token");
    });

    it.each([neverReachedUrl, "http://[::1]:1"])("says that nothing is at %s", async (url) => {
      const { status, stderr } = await run({ ICE_URL: url });
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(/^unavailable: [^\n]* refused[^\n]*\n$/i),
      });
    });

    it("waits no longer than its deadline, and watches again", async () => {
      const port = await findFreePort();
      const silent = createServer().listen(port, "127.0.0.1");
      await once(silent, "listening");
      const env = { ICE_URL: `http://127.0.0.1:${port}` };
      const watcher = start(env, "--watch");
      const { status, stderr } = await run(env);
      const isLate = /^(retrying: )?(deadline_?exceeded|cancelled): /i;
      await watcher.untilReady(() => isLate.test(watcher.stderr()) || undefined);
      await watcher.stop("SIGKILL");
      silent.close();
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(isLate) });
    });

    it("watches again when the service allows it, and not earlier", async () => {
      const service = await startCalledService(undefined, { callWindow: "12s" });
      const headers = { authorization: `Bearer ${token}` };
      const { status } = await fetch(`${service.url}/api/v1/ice-servers`, { headers });
      const child = start({ ICE_URL: service.url }, "--watch");
      await child.untilReady(() => parseLists(child.stdout()).length > 0 || undefined);
      await child.stop("SIGKILL");
      await service.stop();
      expect(status).toBe(200);
      expect(child.stderr()).toMatch(/^retrying: resource_?exhausted: [^\n]*\n$/i);
    });

    it("says what to set", async () => {
      const withoutToken = await run({ ICE_URL: clear.url, TOKEN: "" });
      expect(withoutToken.stderr).toMatch(/^set TOKEN to [^\n]*\n$/);
      for (const url of ["127.0.0.1:8080", "localhost", "ftp://a"]) {
        const { status, stderr } = await run({ ICE_URL: url });
        expect({ status, stderr }).toEqual({
          status: 1,
          stderr: expect.stringMatching(/^set ICE_URL to [^\n]*\n$/),
        });
      }
    });

    it("watches across a crash and a restart, until its token is rejected", async () => {
      const port = await findFreePort();
      let service = await startCalledService(undefined, { port });
      const child = start({ ICE_URL: service.url }, "--watch");
      const hasLists = (count: number) =>
        child.untilReady(() => parseLists(child.stdout()).length === count || undefined);
      await hasLists(1);
      await service.stop("SIGKILL");
      service = await startCalledService(undefined, { port });
      await hasLists(2);
      await service.stop();
      service = await startCalledService(undefined, { port, acceptedToken: "another-token" });
      const status = await child.stop("SIGCONT");
      await service.stop();
      expect({ status, lists: parseLists(child.stdout()) }).toEqual({
        status: 1,
        lists: [printedList, printedList],
      });
      expect(child.stderr()).toMatch(/^retrying: .*\nunauthenticated: [^\n]*\n$/is);
    });
  });
}
