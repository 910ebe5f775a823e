import { type Browser, chromium, type Page } from "playwright-core";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface Chromium {
  newPage(): Promise<Page>;
  stop(): Promise<void>;
}

/**
 * Starts Debian's Chromium without a window. It trusts every certificate, since the authority of
 * the tests is of their own making.
 */
export async function startChromium(): Promise<Chromium> {
  const home = await createTemporaryDirectory("chromium");
  let browser: Browser;
  try {
    browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
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
    newPage: () => browser.newPage(),
    async stop() {
      await browser.close();
      await home.remove();
    },
  };
}
