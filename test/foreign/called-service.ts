import { expect } from "vitest";
import type { TestCertificate } from "../parts/certificate.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { issuedTurnServer } from "../parts/issued-turn-server.js";
import { connectorTokens } from "../parts/tokens.js";

export const token = "foreign-test-token";

/** The built program with one STUN and one TURN URL, for callers who have {@link token}. */
export function startCalledService(certificate?: TestCertificate): Promise<IceService> {
  return startIceService({
    files: { "tokens.yaml": connectorTokens({ foreign: token }), "turn.secret": "north" },
    config: {
      ...(certificate && {
        listen: { tls: { certFile: certificate.certFile, keyFile: certificate.keyFile } },
      }),
      auth: { connectorTokensFile: "tokens.yaml" },
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
