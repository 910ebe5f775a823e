import { createSecretKey } from "node:crypto";
import {
  createConnectorToken,
  hashConnectorToken,
} from "../authentication/connector/connector-token.js";
import { usageError } from "../errors.js";
import { startDevCoturn } from "../process/dev-coturn.js";
import type { DevRun } from "../process/serving.js";
import type { Config } from "../service-config.js";
import { createTurnSecret } from "../turn/providers/shared-secret/turn-secret.js";
import { printDevBanner } from "./dev-banner.js";

/**
 * Makes the token and the TURN secret of `--dev`.
 * @param withCoturn whether to run a coturn that has this secret
 */
export function createDevRun(withCoturn: boolean): DevRun {
  const token = createConnectorToken();
  const turnSecret = createTurnSecret();
  const secret = createSecretKey(turnSecret, "utf8");
  const hasOwnTurnSecret = ({ ice }: Config) =>
    ice.servers.regions[0].sharedSecret?.secrets[0].key !== secret;
  return {
    secret,
    connectorToken: { name: "dev", hash: hashConnectorToken(token) },
    async startCoturn(config, signal) {
      if (!withCoturn) {
        return undefined;
      }
      const port = findCoturnPort(config, hasOwnTurnSecret(config));
      return startDevCoturn(port, turnSecret, signal);
    },
    announce(config, url) {
      const turn = { ownTurnSecret: hasOwnTurnSecret(config), coturnRuns: withCoturn };
      process.stdout.write(printDevBanner(config, url, { token, turnSecret }, turn));
    },
  };
}

/** @throws ConfigError when no coturn of ours could serve the TURN URLs that are handed out */
function findCoturnPort({ ice }: Config, ownTurnSecret: boolean): number {
  const url = ice.servers.regions[0].turn?.urls[0];
  if (url === undefined || ownTurnSecret || url.scheme !== "turn" || url.host !== "127.0.0.1") {
    throw usageError(
      "--with-coturn",
      "has its own secret, and TURN URLs on 127.0.0.1",
      "Leave TURN URLs and secret out of the configuration, or --with-coturn out of the command",
    );
  }
  return url.port;
}
