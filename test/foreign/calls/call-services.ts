import { type Coturn, startCoturn } from "../../parts/coturn.js";
import { callScriptFile } from "../../parts/fresh-call.js";
import { type IceService, startIceService } from "../../parts/ice-service.js";
import { type PageServer, startPageServer } from "../../parts/page-server.js";
import { createSignalBoxes } from "../../parts/signal-boxes.js";
import { connectorTokens } from "../../parts/tokens.js";
import { type PionServer, startPionServer } from "../pion-server.js";

const secret = "north-north-north-north";
export const callToken = "long-call-token";
export const turnServerNames = ["coturn", "pion"] as const;

/** A page's server, and for each TURN server a service whose list has it. */
export interface CallServices {
  /** `#NAME` at its end makes a page take part in calls between pages. */
  readonly origin: string;
  /** By the name of the TURN server. */
  readonly urls: Readonly<Record<(typeof turnServerNames)[number], string>>;
  /** Rejects refreshes after the expiry, and ends a relay 20 s after the last refresh. */
  readonly pion: PionServer;
  stop(): Promise<void>;
}

export async function startCallServices(): Promise<CallServices> {
  const started: (PageServer | Coturn | PionServer | IceService)[] = [];
  const stop = async () => {
    await Promise.all(started.map((each) => each.stop()));
  };
  function keep<T extends (typeof started)[number]>(each: T): T {
    started.push(each);
    return each;
  }
  try {
    const { origin } = keep(await startPageServer(callScriptFile, createSignalBoxes()));
    const coturn = keep(await startCoturn({ secrets: [secret], relayPortCount: 200 }));
    const pion = keep(await startPionServer(secret, "-allocation-lifetime", "20s"));
    const start = async (port: number) => {
      const { url } = keep(await startTurnService(origin, port));
      return url;
    };
    return {
      origin,
      pion,
      urls: { coturn: await start(coturn.port), pion: await start(pion.port) },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const startTurnService = (origin: string, port: number) =>
  startIceService({
    files: { "tokens.yaml": connectorTokens({ page: callToken }), "turn.secret": secret },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      cors: { allowedOrigins: [origin] },
      ice: {
        stunUrls: [],
        turn: { urls: [`turn:127.0.0.1:${port}`], secretFiles: ["turn.secret"], minTtl: "1s" },
      },
      shutdown: { delay: "0s" },
    },
  });
