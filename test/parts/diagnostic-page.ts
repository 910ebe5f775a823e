import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { startChromium } from "./chromium.js";
import { startFirefox } from "./firefox.js";
import type { NetworkHost } from "./relay-network.js";

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

/** A browser with one page. */
export interface PageBrowser {
  goto(url: string): Promise<unknown>;
  /** The value of an expression in the page, as JSON can carry it; a promise is waited for. */
  evaluate(expression: string): Promise<unknown>;
  screenshot(): Promise<Buffer>;
  stop(): Promise<void>;
}

export interface Look {
  readonly dark?: boolean;
  /** CSS pixels, at least 360. */
  readonly width?: number;
}

export const startPageBrowser: Readonly<
  Record<"Chromium" | "Firefox", (on?: NetworkHost, look?: Look) => Promise<PageBrowser>>
> = {
  async Chromium(on, { dark = false, width = 1100 } = {}) {
    const chromium = await startChromium(on && { on });
    const page = await chromium.newPage({
      colorScheme: dark ? "dark" : "light",
      viewport: { width, height: 800 },
    });
    return {
      goto: (url) => page.goto(url),
      evaluate: (expression) => page.evaluate(expression),
      screenshot: () => page.screenshot({ fullPage: true }),
      stop: () => chromium.stop(),
    };
  },
  async Firefox(on, { dark = false, width = 1100 } = {}) {
    const preferences = {
      "ui.systemUsesDarkTheme": dark ? 1 : 0,
      // A window has at least 500 pixels.
      "layout.css.devPixelsPerPx": String(Math.max(1, 500 / width)),
    };
    const firefox = await startFirefox({ ...(on && { on }), preferences });
    await firefox.resize({ width: Math.max(width, 500), height: 900 });
    return firefox;
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
