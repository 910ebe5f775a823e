import { expect } from "vitest";
import type { TestCertificate } from "../parts/certificate.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { issuedTurnServer } from "../parts/issued-turn-server.js";
import { connectorTokens } from "../parts/tokens.js";

export const token = "foreign-test-token";

export interface CalledServiceOptions {
  /** By default a free one. */
  readonly port?: number;
  /** By default {@link token}. */
  readonly acceptedToken?: string;
  /** How long a caller must wait between two calls. By default, it can call at any time. */
  readonly callWindow?: string;
}

/** The built program with one STUN and one TURN URL, for callers who have {@link token}. */
export function startCalledService(
  certificate?: TestCertificate,
  { port = 0, acceptedToken = token, callWindow }: CalledServiceOptions = {},
): Promise<IceService> {
  return startIceService({
    files: { "tokens.yaml": connectorTokens({ foreign: acceptedToken }), "turn.secret": "north" },
    config: {
      listen: {
        port,
        ...(certificate && {
          tls: { certFile: certificate.certFile, keyFile: certificate.keyFile },
        }),
      },
      shutdown: { delay: "0s", timeout: "1s" },
      auth: { connectorTokensFile: "tokens.yaml" },
      ...(callWindow && { limits: { caller: { requests: 1, window: callWindow } } }),
      ice: {
        stunUrls: ["stun:stun.example.com"],
        turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] },
      },
    },
  });
}

/** What that service answers, in protobuf JSON. */
export function servesFor(ttlSeconds: number) {
  return {
    iceServers: [{ urls: ["stun:stun.example.com"] }, issuedTurnServer("turn:turn.example.com")],
    expireTime: expect.stringMatching(/Z$/),
    ttlSeconds,
  };
}
