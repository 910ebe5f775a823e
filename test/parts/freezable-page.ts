import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { z } from "zod";

/**
 * A page of Chromium whose scripts can be stopped, as Chromium does with pages in the background.
 */
export interface FreezablePage {
  /** The value of an expression in the page, as JSON. Promises are awaited. */
  evaluate(expression: string): Promise<unknown>;
  freeze(): Promise<void>;
  resume(): Promise<void>;
}

const messageSchema = z.object({
  id: z.number().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});
const evaluatedSchema = z.object({
  result: z.object({ value: z.unknown().optional() }),
  exceptionDetails: z.object({ exception: z.object({ description: z.string() }) }).optional(),
});

/**
 * Opens a URL in a page that Playwright does not drive. Pages that Playwright drives always have the
 * focus, and Chromium never freezes those.
 */
export async function openFreezablePage(browser: Browser, url: string): Promise<FreezablePage> {
  const devTools = await browser.newBrowserCDPSession();
  const { targetId } = await devTools.send("Target.createTarget", { url });
  // Without `flatten`, this session carries the messages of the page.
  const { sessionId } = await devTools.send("Target.attachToTarget", { targetId, flatten: false });
  const waiting = new Map<number, (message: z.infer<typeof messageSchema>) => void>();
  devTools.on("Target.receivedMessageFromTarget", (event) => {
    if (event.sessionId === sessionId) {
      const message = messageSchema.parse(JSON.parse(event.message));
      waiting.get(message.id ?? -1)?.(message);
    }
  });
  let lastId = 0;
  async function send(method: string, params: object): Promise<unknown> {
    lastId += 1;
    const id = lastId;
    const answer = new Promise<z.infer<typeof messageSchema>>((resolve) =>
      waiting.set(id, resolve),
    );
    const message = JSON.stringify({ id, method, params });
    await devTools.send("Target.sendMessageToTarget", { sessionId, message });
    const { result, error } = await answer;
    waiting.delete(id);
    if (error !== undefined) {
      throw new Error(`${method}: ${error.message}`);
    }
    return result;
  }
  async function evaluate(expression: string): Promise<unknown> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const evaluated = evaluatedSchema.parse(await send("Runtime.evaluate", options));
    if (evaluated.exceptionDetails !== undefined) {
      throw new Error(evaluated.exceptionDetails.exception.description);
    }
    return evaluated.result.value;
  }
  const setState = async (state: "frozen" | "active") => {
    await send("Page.setWebLifecycleState", { state });
  };
  // Until the page has its URL, expressions run in the page that is about to be replaced.
  const isLoaded = `location.href === ${JSON.stringify(new URL(url).href)} && document.readyState === "complete"`;
  while ((await evaluate(isLoaded).catch(() => false)) !== true) {
    await sleep(50);
  }
  return {
    evaluate,
    freeze: () => setState("frozen"),
    resume: () => setState("active"),
  };
}
