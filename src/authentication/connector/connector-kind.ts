import type { KindOptions, KindVerifier, TokenKind, VerifiedToken } from "../token-kind.js";
import { TokenRejectedError } from "../token-rejected-error.js";
import type { ConnectorTokenEntry } from "./connector-token.js";
import { readConnectorTokensFile } from "./connector-tokens-file.js";

const name = "connector";
const unknown = "unknown_connector_token";
const expired = "connector_token_expired";

/**
 * Opaque tokens whose hashes are in a file.
 * @param tokens accepted beside those of the file
 */
export function createConnectorKind(tokens: readonly ConnectorTokenEntry[]): TokenKind {
  return {
    name,
    reasons: [unknown, expired],
    start: ({ clock }) => ({
      open({ auth, files }: KindOptions): KindVerifier {
        const { connectorTokensFile: file } = auth;
        const fileTokens = file === undefined ? [] : readConnectorTokensFile(file, files);
        const entries = new Map(
          [...fileTokens, ...tokens].map((entry) => [entry.hash.slice("sha256:".length), entry]),
        );
        return {
          sources: [],
          tableSize: entries.size,
          find(digest) {
            const entry = entries.get(digest);
            const found = entry && toVerified(entry);
            return found !== undefined && clock() < found.knownUntilMs ? found : undefined;
          },
          verify(_, digest) {
            if (entries.has(digest)) {
              throw new TokenRejectedError(expired);
            }
            return unknown;
          },
        };
      },
    }),
  };
}

function toVerified({ name: subject, expiresAtSeconds }: ConnectorTokenEntry): VerifiedToken {
  const identity = { kind: name, issuer: "", subject };
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
