import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type Chromium, startChromium } from "./chromium.js";
import { startFirefox } from "./firefox.js";
import type { NetworkHost } from "./network-host.js";

/** The script of the pages that call each other. */
export const callScriptFile = fileURLToPath(new URL("fresh-call-script.js", import.meta.url));

const sideSchema = z.object({
  state: z.string(),
  /** How often ICE has started, the first time included. */
  generations: z.number(),
  /** How many lists the connection has had. */
  usernames: z.number(),
  /** How many of them have expired. */
  expiries: z.number(),
  policy: z.string(),
  bundlePolicy: z.string(),
  errors: z.array(z.string()),
  /** Of the responses of the service. */
  statuses: z.array(z.number()),
  glares: z.number(),
  /** How often the sides have lost contact. A busy machine is enough. */
  disconnections: z.number(),
  /** Messages from the other side. */
  received: z.number(),
  /** Between two messages, without what the pages themselves have paused. */
  longestGapMs: z.number(),
  /** Of the other side. 0 without `hasAudio`. */
  audioBytes: z.number(),
  longestAudioGapMs: z.number(),
  /** Whether the library has given the call up. */
  isLost: z.boolean(),
});
const bothSchema = z.object({ caller: sideSchema, callee: sideSchema });
export type CallSide = z.infer<typeof sideSchema>;
export type Role = keyof z.infer<typeof bothSchema>;

/** What `createSide` in the script documents. */
export interface CallOptions {
  readonly url: string;
  readonly token?: string;
  readonly tokenUrl?: string;
  readonly ttlSeconds: number;
  readonly policy?: "relay" | "direct";
  readonly kept?: readonly Role[];
  readonly lasting?: readonly Role[];
  readonly hasAudio?: boolean;
  /** How long a signal takes. */
  readonly signalMs?: number;
}

/** A page with the script. */
export interface CallingPage {
  /** Calls between two sides of this page. */
  start(name: string, options: CallOptions): Promise<void>;
  /** Makes one side of a call with another page: the callee first. */
  join(name: string, role: Role, otherPage: string, options: CallOptions): Promise<void>;
  read(name: string): Promise<{ readonly caller: CallSide; readonly callee: CallSide }>;
  readSide(name: string, role: Role): Promise<CallSide>;
  restartBoth(name: string): Promise<void>;
  end(name: string): Promise<void>;
}

export function driveCalls(evaluate: (expression: string) => Promise<unknown>): CallingPage {
  const run = (name: string, ...args: readonly unknown[]) =>
    evaluate(`${name}(${args.map((argument) => JSON.stringify(argument)).join(", ")})`);
  const runOnly = async (...call: Parameters<typeof run>) => void (await run(...call));
  return {
    start: (name, options) => runOnly("startCall", name, options),
    join: (...args) => runOnly("joinCall", ...args),
    read: async (name) => bothSchema.parse(await run("readCall", name)),
    readSide: async (name, role) => {
      const sides = z.record(z.string(), sideSchema).parse(await run("readCall", name));
      return sideSchema.parse(sides[role]);
    },
    restartBoth: (name) => runOnly("restartBoth", name),
    end: (name) => runOnly("endCall", name),
  };
}

export const callBrowserNames = ["Chromium", "Firefox"] as const;

export interface CallBrowser {
  evaluate(expression: string): Promise<unknown>;
  /** Lets no script of the page run until `resume`. */
  freeze(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** Opens a URL in a browser of its own. */
export const openCallBrowser: Readonly<
  Record<(typeof callBrowserNames)[number], (url: string, on?: NetworkHost) => Promise<CallBrowser>>
> = {
  async Chromium(url, on) {
    const chromium: Chromium = await startChromium(on && { on });
    return { ...(await chromium.openFreezablePage(url)), stop: chromium.stop };
  },
  async Firefox(url, on) {
    const firefox = await startFirefox({
      ...(on && { on }),
      preferences: {
        "media.peerconnection.ice.loopback": true,
        // The names of mDNS are not found here, and a call that could be direct would use a relay.
        "media.peerconnection.ice.obfuscate_host_addresses": false,
        // A microphone that plays a tone, without a question.
        "media.navigator.streams.fake": true,
        "media.navigator.permission.disabled": true,
      },
    });
    await firefox.goto(url);
    return {
      evaluate: firefox.evaluate,
      freeze: async () => firefox.signalPages("SIGSTOP"),
      resume: async () => firefox.signalPages("SIGCONT"),
      stop: firefox.stop,
    };
  },
};
