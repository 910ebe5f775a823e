import { once } from "node:events";
import { get } from "node:http";
import { json } from "node:stream/consumers";
import { expect } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "fuzz-test-token";
export const authorization = `Bearer ${token}`;
export const methodPath = "/ice.v1.IceService/GetIceServers";

export interface FuzzedService {
  readonly service: IceService;
  /** Whatever was sent before: a call on a new connection works, and nothing of ours has failed. */
  expectHealthy(): Promise<void>;
}

/** The built program, with TURN, for one connector token. */
export async function startFuzzedService(): Promise<FuzzedService> {
  const service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ fuzz: token }), "turn.secret": "north-north-north" },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
      // Connections whose frames broke the rules wait for it.
      shutdown: { timeout: "1s" },
    },
  });
  const url = `${service.url}/api/v1/ice-servers`;
  return {
    service,
    async expectHealthy() {
      const [response] = await once(
        get(url, { agent: false, headers: { authorization } }),
        "response",
      );
      expect(response.statusCode).toBe(200);
      expect(await json(response)).toMatchObject({ iceServers: [{}, {}] });
      expect(service.logs().filter(({ err }) => err !== undefined)).toEqual([]);
    },
  };
}
