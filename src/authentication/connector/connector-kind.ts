import { describeGauge, type Metric } from "../../observability/metric.js";
import type { TokenKind, VerifiedToken } from "../token-kind.js";
import { TokenRejectedError } from "../token-rejected-error.js";
import type { ConnectorAuth } from "./connector-config.js";
import {
  ConnectorTable,
  type ConnectorTableEntry,
  encodeConnectorTable,
} from "./connector-table.js";
import { type ConnectorTokenEntry, looksLikeConnectorToken } from "./connector-token.js";
import { readConnectorTokensFile } from "./connector-tokens-file.js";

const name = "connector";
const unknown = { reason: "unknown_connector_token" };
const expired = "connector_token_expired";

/**
 * Opaque tokens whose hashes are in a file.
 * @param tokens accepted beside those of the file
 */
export function createConnectorKind(
  tokens: readonly ConnectorTokenEntry[],
): TokenKind<ConnectorAuth> {
  const others = new ConnectorTable(encodeConnectorTable(tokens));
  return {
    name,
    reasons: [unknown.reason, expired],
    start: ({ clock }) => ({
      open({ auth, files }) {
        const { connectorTokensFile: file } = auth;
        const own = file === undefined ? undefined : readConnectorTokensFile(file, files);
        const find = (digest: string) => own?.find(digest) ?? others.find(digest);
        return {
          sources: [],
          tableSize: (own?.size ?? 0) + others.size,
          find(digest) {
            const entry = find(digest);
            const found = entry && toVerified(entry);
            return found !== undefined && clock() < found.knownUntilMs ? found : undefined;
          },
          describe: () => describeExpiry(own?.findNextExpiry(clock() / 1000)),
          verify(token, digest) {
            if (find(digest) !== undefined) {
              throw new TokenRejectedError(expired);
            }
            if (looksLikeConnectorToken(token)) {
              // A token of another deployment, or one that was removed. No other kind may see it.
              throw new TokenRejectedError(unknown.reason);
            }
            return unknown;
          },
        };
      },
    }),
  };
}

function describeExpiry(expiresAtSeconds: number | undefined): Metric[] {
  return [
    describeGauge(
      "ice_connector_token_expiry_timestamp_seconds",
      "When the next connector token of the tokens file expires, in Unix time; absent if none does.",
      expiresAtSeconds === undefined ? [] : [{ labels: {}, value: expiresAtSeconds }],
      "min",
    ),
  ];
}

function toVerified({
  name: subject,
  expiresAtSeconds,
  mayNameUsers = false,
}: ConnectorTableEntry): VerifiedToken {
  const identity = {
    ...{ kind: name, issuer: "", subject },
    ...(mayNameUsers && { usersRight: "granted" as const }),
  };
  return expiresAtSeconds === undefined
    ? {
        caller: identity,
        knownUntilMs: Number.POSITIVE_INFINITY,
        source: undefined,
      }
    : {
        caller: { ...identity, expiresAtSeconds, endsAtSeconds: expiresAtSeconds },
        knownUntilMs: expiresAtSeconds * 1000,
        source: undefined,
      };
}
