import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { NetworkHost } from "./relay-network.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface Chromium {
  newPage(options?: BrowserContextOptions): Promise<Page>;
  stop(): Promise<void>;
}

export interface ChromiumOptions {
  /** Where it runs; by default beside the tests. */
  readonly on?: NetworkHost;
}

/**
 * Starts Debian's Chromium without a window. It trusts every certificate, since the authority of
 * the tests is of their own making.
 */
export async function startChromium({ on }: ChromiumOptions = {}): Promise<Chromium> {
  const home = await createTemporaryDirectory("chromium");
  // Playwright talks to it over pipes, which lead into every network.
  const command = ["exec", ...(on?.enter ?? []), "/usr/bin/chromium", '"$@"'].join(" ");
  const executablePath = await home.write("chromium", `#!/bin/sh\n${command}\n`, 0o700);
  let browser: Browser;
  try {
    browser = await chromium.launch({
      executablePath,
      headless: true,
      timeout: 60_000,
      env: { PATH: `${process.env["PATH"]}`, HOME: home.path, TMPDIR: home.path },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--ignore-certificate-errors",
      ],
    });
  } catch (error) {
    await home.remove();
    throw error;
  }
  return {
    newPage: (options) => browser.newPage(options),
    async stop() {
      await browser.close();
      await home.remove();
    },
  };
}
