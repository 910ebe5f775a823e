import { createHttpClient, type HttpClient, type HttpVersion } from "../conformance/http-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

/** A service, and a client of each version of HTTP. */
export interface BothVersions {
  readonly service: IceService;
  readonly clients: Readonly<Record<HttpVersion, HttpClient>>;
  stop(): Promise<void>;
}

/** Starts the built program with one TURN server, for this connector token. */
export async function startForBothVersions(
  token: string,
  config: Readonly<Record<string, unknown>> = {},
): Promise<BothVersions> {
  const service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ sender: token }), "turn.secret": "north" },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
      shutdown: { delay: "0s", timeout: "1s" },
      ...config,
    },
  });
  const clients = {
    "1.1": createHttpClient(service.url, "1.1"),
    "2": createHttpClient(service.url, "2"),
  };
  return {
    service,
    clients,
    async stop() {
      clients["1.1"].close();
      clients["2"].close();
      await service.stop();
    },
  };
}
