import { readdirSync, readFileSync } from "node:fs";
import { z } from "zod";
import { type Bridge, openBridge } from "./bridge.js";
import { startProcess } from "./child-process.js";
import { connectMarionette, type Marionette } from "./marionette.js";
import type { NetworkHost } from "./network-host.js";
import { createNssDatabase } from "./nss-database.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export type Preferences = Readonly<Record<string, string | number | boolean>>;

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
  /** Sizes the window. The page gets at least 500 pixels; zoom makes them fewer CSS pixels. */
  resize(size: { readonly width: number; readonly height: number }): Promise<void>;
  /** Zooms the page that is open; 1 is its own size. */
  zoom(factor: number): Promise<void>;
  /** Changes what the user could in about:config, such as `ui.systemUsesDarkTheme` to 1. */
  setPreferences(preferences: Preferences): Promise<void>;
  /** A PNG of the whole page. */
  screenshot(): Promise<Buffer>;
  /** Sends a signal to the processes that run pages, such as SIGSTOP to freeze them. */
  signalPages(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface FirefoxOptions {
  /** Where it runs; by default beside the tests. */
  readonly on?: NetworkHost;
  /** An authority that it trusts in addition to the public ones. */
  readonly caFile?: string | undefined;
  /** In addition to those that keep it quiet. */
  readonly preferences?: Preferences;
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
 * WebDriver BiDi requires a newer Firefox). Without `caFile`, it trusts every certificate of a page
 * and of a fetch, but its WebRTC trusts only known authorities. WebRTC uses no loopback address, neither
 * as a peer's nor as a server's: TURN servers must listen on another address of the machine.
 */
export async function startFirefox({
  on,
  caFile,
  preferences = {},
}: FirefoxOptions = {}): Promise<Firefox> {
  const home = await createTemporaryDirectory("firefox");
  await home.write(
    "user.js",
    Object.entries({ ...quietPreferences, ...preferences })
      .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
      .join(""),
  );
  if (caFile !== undefined) {
    await createNssDatabase(home.path, caFile);
  }
  const [command = "", ...args] = [...(on?.enter ?? []), "firefox-esr"];
  const child = startProcess({
    name: "Firefox",
    command,
    args: [
      ...args,
      // System access is for `setPreferences` and `zoom`.
      ...["--headless", "--marionette", "--remote-allow-system-access", "--profile", home.path],
    ],
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
      acceptInsecureCerts: caFile === undefined,
      timeouts: { script: 300_000, pageLoad: 60_000 },
    });
    return {
      ...createTab(marionette),
      signalPages(name) {
        for (const pid of listPageProcesses(child.pid)) {
          process.kill(pid, name);
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The processes of pages name their Firefox, and end with what they are. */
function listPageProcesses(firefoxPid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => / -parentPid (\d+) .* tab$/.exec(readCommand(pid))?.[1] === `${firefoxPid}`);
}

/** Words between spaces, which are NULs before the process has changed its title. Empty when it has ended. */
function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

const outcomeSchema = z.object({
  value: z.object({ value: z.unknown().optional(), error: z.string().optional() }),
});
const imageSchema = z.object({ value: z.string() });

function createTab(marionette: Marionette): Omit<Firefox, "signalPages" | "stop"> {
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
  /** Runs a script with the rights of the browser itself. */
  async function runInBrowser(script: string, argument: unknown) {
    await marionette.send("Marionette:SetContext", { value: "chrome" });
    await marionette.send("WebDriver:ExecuteScript", { script, args: [argument] });
    await marionette.send("Marionette:SetContext", { value: "content" });
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
    zoom: (factor) => runInBrowser("gBrowser.selectedBrowser.fullZoom = arguments[0];", factor),
    setPreferences: (preferences) =>
      runInBrowser(
        `for (const [name, value] of Object.entries(arguments[0])) {
          const set = { string: "setStringPref", number: "setIntPref", boolean: "setBoolPref" };
          Services.prefs[set[typeof value]](name, value);
        }`,
        preferences,
      ),
    async screenshot() {
      const answer = await marionette.send("WebDriver:TakeScreenshot", { full: true });
      return Buffer.from(imageSchema.parse(answer).value, "base64");
    },
  };
}
