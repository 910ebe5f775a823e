import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Bridge, openBridge } from "./bridge.js";
import { startProcess } from "./child-process.js";
import { connectMarionette, type Marionette } from "./marionette.js";
import type { NetworkHost } from "./relay-network.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface Firefox {
  /** Opens a URL in the one tab, and waits until it has loaded. */
  goto(url: string): Promise<void>;
  /**
   * The value of an expression in the page, as JSON can carry it; a promise is waited for. Throws
   * what the expression throws. The page's Content-Security-Policy does not apply to it.
   */
  evaluate(expression: string): Promise<unknown>;
  /** Types into the element that has the focus. `\uE007` is Enter, and `\uE004` Tab, as in WebDriver. */
  type(text: string): Promise<void>;
  /**
   * Sizes the window. The page gets at least 500 pixels; `layout.css.devPixelsPerPx: "1.4"` makes
   * them fewer CSS pixels.
   */
  resize(size: { readonly width: number; readonly height: number }): Promise<void>;
  /** A PNG of the whole page. */
  screenshot(): Promise<Buffer>;
  stop(): Promise<void>;
}

export interface FirefoxOptions {
  /** Where it runs; by default beside the tests. */
  readonly on?: NetworkHost;
  /** In addition to those that keep it quiet, such as `ui.systemUsesDarkTheme: 1`. */
  readonly preferences?: Readonly<Record<string, string | number | boolean>>;
}

const quietPreferences = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "marionette.port": 0,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "remote.prefs.recommended": true,
  "toolkit.telemetry.server": "",
};

/**
 * Starts Debian's Firefox ESR without a window, driven over Marionette (Playwright's client for
 * WebDriver BiDi requires a newer Firefox). It trusts every certificate of a page and of a fetch, but
 * WebRTC does not trust the tests' own authority. Its WebRTC uses no loopback address, neither
 * as a peer's nor as a server's: TURN servers must listen on another address of the machine.
 */
export async function startFirefox({
  on,
  preferences = {},
}: FirefoxOptions = {}): Promise<Firefox> {
  const home = await createTemporaryDirectory("firefox");
  await home.write(
    "user.js",
    Object.entries({ ...quietPreferences, ...preferences })
      .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
      .join(""),
  );
  const [command = "", ...args] = [...(on?.enter ?? []), "firefox-esr"];
  const child = startProcess({
    name: "Firefox",
    command,
    args: [...args, "--headless", "--marionette", "--profile", home.path],
    cwd: home.path,
    env: { HOME: home.path, TMPDIR: home.path, MOZ_CRASHREPORTER_DISABLE: "1" },
  });
  let marionette: Marionette | undefined;
  let bridge: Bridge | undefined;
  async function stop() {
    marionette?.close();
    await bridge?.stop();
    await child.stop();
    await home.remove();
  }
  try {
    const port = await child.untilReady(
      () => Number(readFileSync(`${home.path}/MarionetteActivePort`, "utf8")) || undefined,
    );
    bridge = on && (await openBridge(on, `tcp://127.0.0.1:${port}`));
    marionette = await connectMarionette(
      bridge === undefined ? { host: "127.0.0.1", port } : { path: bridge.socketPath },
    );
    await marionette.send("WebDriver:NewSession", {
      acceptInsecureCerts: true,
      timeouts: { script: 300_000, pageLoad: 60_000 },
    });
    return { ...createTab(marionette), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const outcomeSchema = z.object({
  value: z.object({ value: z.unknown().optional(), error: z.string().optional() }),
});
const imageSchema = z.object({ value: z.string() });

function createTab(marionette: Marionette): Omit<Firefox, "stop"> {
  async function evaluate(expression: string) {
    const script = `const [done] = arguments;
      (async () => (${expression}))().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const answer = await marionette.send("WebDriver:ExecuteAsyncScript", { script, args: [] });
    const { value, error } = outcomeSchema.parse(answer).value;
    if (error !== undefined) {
      throw new Error(error);
    }
    return value;
  }
  return {
    evaluate,
    async goto(url) {
      await marionette.send("WebDriver:Navigate", { url });
    },
    async type(text) {
      const keys = [...text].flatMap((value) => [
        { type: "keyDown", value },
        { type: "keyUp", value },
      ]);
      const actions = [{ type: "key", id: "keyboard", actions: keys }];
      await marionette.send("WebDriver:PerformActions", { actions });
    },
    async resize(size) {
      await marionette.send("WebDriver:SetWindowRect", size);
    },
    async screenshot() {
      const answer = await marionette.send("WebDriver:TakeScreenshot", { full: true });
      return Buffer.from(imageSchema.parse(answer).value, "base64");
    },
  };
}
