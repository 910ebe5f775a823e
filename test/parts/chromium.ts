import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type FreezablePage, openFreezablePage } from "./freezable-page.js";
import type { NetworkHost } from "./network-host.js";
import { createNssDatabase } from "./nss-database.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface Chromium {
  newPage(options?: BrowserContextOptions): Promise<Page>;
  /** Opens a URL in a page that can be frozen. */
  openFreezablePage(url: string): Promise<FreezablePage>;
  stop(): Promise<void>;
}

export interface ChromiumOptions {
  /** Where it runs; by default beside the tests. */
  readonly on?: NetworkHost;
  /** An authority to trust in addition to the public ones; absent: every certificate is trusted. */
  readonly caFile?: string | undefined;
}

/** Starts Debian's Chromium without a window. */
export async function startChromium({ on, caFile }: ChromiumOptions = {}): Promise<Chromium> {
  const home = await createTemporaryDirectory("chromium");
  if (caFile !== undefined) {
    await createNssDatabase(`${home.path}/.pki/nssdb`, caFile);
  }
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
        // A microphone that beeps, without a question.
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        ...(caFile === undefined ? ["--ignore-certificate-errors"] : []),
      ],
    });
  } catch (error) {
    await home.remove();
    throw error;
  }
  return {
    newPage: (options) => browser.newPage(options),
    openFreezablePage: (url) => openFreezablePage(browser, url),
    async stop() {
      await browser.close();
      await home.remove();
    },
  };
}
