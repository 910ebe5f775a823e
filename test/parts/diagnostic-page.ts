import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { startChromium } from "./chromium.js";
import { startFirefox } from "./firefox.js";
import type { NetworkHost } from "./network-host.js";

/** What the page copies as JSON. */
export const reportSchema = z.looseObject({
  time: z.iso.datetime(),
  browser: z.object({ name: z.string(), version: z.string(), userAgent: z.string() }),
  headline: z.object({ level: z.string(), text: z.string() }),
  verdicts: z.array(z.object({ name: z.string(), level: z.string(), text: z.string() })),
  urls: z.array(
    z.looseObject({
      url: z.looseObject({ text: z.string(), transport: z.string() }),
      state: z.string(),
      reason: z.looseObject({ name: z.string(), detail: z.string().optional() }).optional(),
      candidates: z.array(
        z.looseObject({
          type: z.string(),
          address: z.string(),
          relayProtocol: z.string().optional(),
          mappedAddress: z.string().optional(),
        }),
      ),
      relay: z
        .looseObject({
          traffic: z.looseObject({
            sentCount: z.number(),
            returnedCount: z.number(),
            roundTripMs: z.number(),
            receivedBitsPerSecond: z.number(),
            outbound: z.object({ lossPercent: z.number(), jitterMs: z.number() }),
            inbound: z.object({ lossPercent: z.number(), jitterMs: z.number() }),
          }),
          reconnection: z.looseObject({ durationMs: z.number().optional() }),
        })
        .optional(),
    }),
  ),
});
export type PageReport = z.infer<typeof reportSchema>;

/** What became of each URL: its text, its state, and the cause unless it works. */
export function listStates({ urls }: PageReport) {
  return urls.map(({ url, state, reason }) => [
    url.text,
    state,
    // On a busy machine, quality can be poor where nothing is wrong.
    state === "works" ? undefined : reason?.name,
  ]);
}

/** What tells a page how to look. */
export interface Look {
  readonly dark: boolean;
  /** CSS pixels, at least 360. */
  readonly width: number;
}

/** A browser with one page. */
export interface PageBrowser {
  /** Changes a page that is open. */
  setLook(look: Look): Promise<void>;
  goto(url: string): Promise<unknown>;
  /** The value of an expression in the page, as JSON can carry it; a promise is waited for. */
  evaluate(expression: string): Promise<unknown>;
  screenshot(): Promise<Buffer>;
  stop(): Promise<void>;
}

export interface PageBrowserOptions {
  /** Where it runs; by default beside the tests. */
  readonly on?: NetworkHost;
  /** An authority that its WebRTC trusts. */
  readonly caFile?: string;
}

export const pageBrowserNames = ["Chromium", "Firefox"] as const;
export type PageBrowserName = (typeof pageBrowserNames)[number];

export const startPageBrowser: Readonly<
  Record<PageBrowserName, (options?: PageBrowserOptions) => Promise<PageBrowser>>
> = {
  async Chromium(options) {
    const chromium = await startChromium(options);
    const page = await chromium.newPage({ viewport: { width: 1100, height: 800 } });
    return {
      goto: (url) => page.goto(url),
      evaluate: (expression) => page.evaluate(expression),
      screenshot: () => page.screenshot({ fullPage: true }),
      async setLook({ dark, width }) {
        await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
        await page.setViewportSize({ width, height: 800 });
      },
      stop: () => chromium.stop(),
    };
  },
  async Firefox(options) {
    const firefox = await startFirefox(options);
    const resize = (width: number) => firefox.resize({ width: Math.max(width, 500), height: 900 });
    await resize(1100);
    return {
      ...firefox,
      async setLook({ dark, width }) {
        await firefox.setPreferences({ "ui.systemUsesDarkTheme": dark ? 1 : 0 });
        await resize(width);
        await firefox.zoom(Math.max(1, 500 / width));
      },
    };
  },
};

/** Opens the link that carries the token, runs the test, and returns the report that the page shows. */
export async function runDiagnosis(browser: PageBrowser, link: string): Promise<PageReport> {
  await browser.goto("about:blank");
  await browser.goto(link);
  await browser.evaluate(`document.querySelector("form").requestSubmit()`);
  await browser.evaluate(`new Promise((resolve) => {
    const look = () => {
      const { className, textContent } = document.getElementById("status");
      return className === "" ? setTimeout(look, 50) : resolve(textContent);
    };
    look();
  })`);
  await browser.evaluate(`document.getElementById("copy-json").click()`);
  return reportSchema.parse(
    JSON.parse(`${await browser.evaluate(`document.getElementById("report").value`)}`),
  );
}

/** For a person to look at, where SCREENSHOTS names a directory. */
export async function keepScreenshot(browser: PageBrowser, name: string): Promise<void> {
  const directory = process.env["SCREENSHOTS"];
  if (directory !== undefined) {
    await writeFile(`${directory}/${name}.png`, await browser.screenshot());
  }
}
