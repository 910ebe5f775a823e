import { z } from "zod";
import { startCoturn } from "../parts/coturn.js";
import { startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const secret = "north-north-north-north";
const token = "relayed-lists-token";
const listSchema = z.object({
  iceServers: z.tuple([
    z.object({ urls: z.tuple([z.string()]), username: z.string(), credential: z.string() }),
  ]),
});

export interface TurnServer {
  /** Such as `turn:127.0.0.1:3478`. */
  readonly url: string;
  readonly username: string;
  readonly credential: string;
}

export interface RelayedLists {
  /** The URL of the service, and a token that it accepts. */
  readonly url: string;
  readonly token: string;
  /** Requests a list, and returns its only server. Each lifetime gives another credential. */
  fetchTurnServer(ttlSeconds: number): Promise<TurnServer>;
  /** The log of coturn. */
  output(): string;
  stop(): Promise<void>;
}

/**
 * Starts coturn, and the built program with coturn in its lists. Relays have another address, so that
 * two clients on this machine reach each other only if both use a relay.
 */
export async function startRelayedLists(): Promise<RelayedLists> {
  const coturn = await startCoturn({
    secrets: [secret],
    relayIps: ["127.0.0.2"],
    extra: ["verbose"],
  });
  const service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ foreign: token }), "turn.secret": secret },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: {
        stunUrls: [],
        turn: { urls: [`turn:127.0.0.1:${coturn.port}`], secretFiles: ["turn.secret"] },
      },
    },
  });
  return {
    url: service.url,
    token,
    async fetchTurnServer(ttlSeconds) {
      const response = await fetch(`${service.url}/api/v1/ice-servers?ttlSeconds=${ttlSeconds}`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      const { iceServers } = listSchema.parse(await response.json());
      const [{ urls, username, credential }] = iceServers;
      return { url: urls[0], username, credential };
    },
    output: coturn.output,
    async stop() {
      await service.stop();
      await coturn.stop();
    },
  };
}
