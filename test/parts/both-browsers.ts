import {
  type PageBrowser,
  type PageBrowserName,
  type PageReport,
  runDiagnosis,
  startPageBrowser,
} from "./diagnostic-page.js";
import { startIceService } from "./ice-service.js";
import type { NetworkHost } from "./network-host.js";
import { networkSecret } from "./relay-network.js";
import { connectorTokens } from "./tokens.js";

export const pageToken = "token-of-the-diagnostic-page";

export interface DiagnosedServers {
  readonly stunUrls?: readonly string[];
  readonly turnUrls: readonly string[];
  readonly identity?: "static" | "subject";
}

/** Chromium and Firefox side by side, since the page mostly waits. */
export interface BothBrowsers {
  readonly browsers: Readonly<Record<PageBrowserName, PageBrowser>>;
  /** Serves the page on the machine of the browsers, with these servers in the list, and runs it in both. */
  diagnose(servers: DiagnosedServers): Promise<Readonly<Record<PageBrowserName, PageReport>>>;
  stop(): Promise<void>;
}

/** @param caFile of an authority that their WebRTC trusts */
export async function startBothBrowsers(on: NetworkHost, caFile: string): Promise<BothBrowsers> {
  const [Chromium, Firefox] = await Promise.all([
    startPageBrowser.Chromium({ on, caFile }),
    startPageBrowser.Firefox({ on, caFile }),
  ]);
  return {
    browsers: { Chromium, Firefox },
    async diagnose({ stunUrls = [], turnUrls, identity = "static" }) {
      const turn = { urls: turnUrls, secretFiles: ["turn.secret"], identity };
      const service = await startIceService({
        on,
        files: {
          "tokens.yaml": connectorTokens({ test: pageToken }),
          "turn.secret": networkSecret,
        },
        config: {
          auth: { connectorTokensFile: "tokens.yaml" },
          diagnostics: true,
          ice: { stunUrls, turn },
          shutdown: { delay: "0s" },
        },
      });
      try {
        const link = `${service.url}/#token=${pageToken}`;
        const [inChromium, inFirefox] = await Promise.all([
          runDiagnosis(Chromium, link),
          runDiagnosis(Firefox, link),
        ]);
        return { Chromium: inChromium, Firefox: inFirefox };
      } finally {
        await service.stop();
      }
    },
    async stop() {
      await Promise.all([Chromium.stop(), Firefox.stop()]);
    },
  };
}
