import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { type Chromium, startChromium } from "./chromium.js";
import { startPageServer } from "./page-server.js";

export interface CallPage {
  readonly page: Page;
  readonly origin: string;
  /** Runs a function of the script in the page and returns what it returns, as JSON can carry it. */
  call(name: string, ...args: readonly unknown[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** Opens a script beside this file in a Chromium of its own, from an origin of its own. */
export async function openCallPage(script = "call-page-script.js"): Promise<CallPage> {
  const server = await startPageServer(fileURLToPath(new URL(script, import.meta.url)));
  let chromium: Chromium | undefined;
  async function stop() {
    await chromium?.stop();
    await server.stop();
  }
  try {
    chromium = await startChromium();
    const page = await chromium.newPage();
    await page.goto(server.origin);
    return {
      page,
      origin: server.origin,
      // As text, since our compiler knows nothing of the page's names.
      call: (name, ...args) =>
        page.evaluate(`${name}(${args.map((argument) => JSON.stringify(argument)).join(", ")})`),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
