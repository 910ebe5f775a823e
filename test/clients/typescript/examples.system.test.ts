import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startProcess } from "../../parts/child-process.js";
import { type Coturn, startCoturn } from "../../parts/coturn.js";
import { callBrowserNames, openCallBrowser } from "../../parts/fresh-call.js";
import { startPageServer } from "../../parts/page-server.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../../parts/reconfigurable-service.js";
import { connectorTokens } from "../../parts/tokens.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const client = join(root, "clients/typescript");
const token = "example-token-of-the-client";

let coturn: Coturn;
let running: ReconfigurableService;
const config = (name: string) => ({
  admin: false,
  auth: { connectorTokensFile: "tokens.yaml" },
  cors: { allowedOrigins: ["*"] },
  ice: {
    stunUrls: [`stun:${name}.example.com`],
    turn: { urls: [`turn:127.0.0.1:${coturn.port}`], secretFiles: ["turn.secret"], minTtl: "1s" },
  },
});
beforeAll(async () => {
  await run("npm", ["run", "build", "--prefix", client]);
  coturn = await startCoturn({ secrets: ["north-north-north-north"] });
  running = await startReconfigurableService(config("north"), {
    "tokens.yaml": connectorTokens({ example: token }),
    "turn.secret": "north-north-north-north",
  });
});
afterAll(async () => {
  await running?.stop();
  await coturn?.stop();
});

describe("the examples", () => {
  it("print a list after the two commands of the README", async () => {
    const { stdout } = await run("node", [join(client, "examples/print-list.mjs")], {
      env: { ...process.env, ICE_URL: running.service.url, TOKEN: token },
    });
    expect(JSON.parse(stdout).iceServers).toMatchObject([
      { urls: ["stun:north.example.com"] },
      { urls: [`turn:127.0.0.1:${coturn.port}`] },
    ]);
  });

  it("print each list that follows", async () => {
    const bot = startProcess({
      name: "print-list",
      command: process.execPath,
      args: [join(client, "examples/print-list.mjs"), "--watch"],
      cwd: root,
      env: { ICE_URL: running.service.url, TOKEN: token },
    });
    await expect.poll(bot.stdout).toContain("stun:north.example.com");
    await running.configure(config("south"));
    await expect.poll(bot.stdout).toContain("stun:south.example.com");
    expect(await bot.stop("SIGINT")).toBe(0);
    await running.configure(config("north"));
  });

  it.each(callBrowserNames)("call in a page of %s", async (name) => {
    const server = await startPageServer(
      join(client, "src/index.ts"),
      async ({ url }, response) => {
        const file = /^\/(examples\/page\.html|dist\/[\w-]+\.js)(?=$|\?)/.exec(url ?? "")?.[1];
        if (file === undefined) {
          return false;
        }
        const type = file.endsWith(".js") ? "text/javascript" : "text/html";
        response.setHeader("Content-Type", type).end(await readFile(join(client, file)));
        return true;
      },
    );
    const query = new URLSearchParams({ ice: running.service.url, token });
    const browser = await openCallBrowser[name](`${server.origin}/examples/page.html?${query}`);
    await expect
      .poll(async () => Number(await browser.evaluate("document.querySelector('output').value")))
      .toBeGreaterThan(10);
    await browser.stop();
    await server.stop();
  });

  it.each(callBrowserNames)("show the current list in a React page of %s", async (name) => {
    const server = await startPageServer(join(import.meta.dirname, "react-page-script.jsx"));
    const browser = await openCallBrowser[name](
      `${server.origin}/#${encodeURIComponent(`${running.service.url} ${token}`)}`,
    );
    const read = () => browser.evaluate("document.querySelector('output')?.textContent");
    await expect.poll(read).toContain("stun:north.example.com");
    await running.configure(config("south"));
    await expect.poll(read).toContain("stun:south.example.com");
    await running.configure(config("north"));
    await browser.stop();
    await server.stop();
  });
});
