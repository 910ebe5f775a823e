import { fileName } from "../../config/file-kinds.js";
import { optionalKey } from "../../config/key.js";
import type { SectionValue } from "../../config/kind.js";

/** The key of `auth` that is about connector tokens. */
export const connectorKeys = {
  connectorTokensFile: optionalKey(fileName, {
    example: "connector-tokens.yaml",
    variable: "ICE_CONNECTOR_TOKENS_FILE",
    help: 'tokens: [ { name, hash: "sha256:<hex>", expires: 2027-01-31T00:00:00Z, mayNameUsers: true } ]; see docs/end-users.md and `ice-service token new`',
  }),
};

/** What the kind takes from the configuration. */
export type ConnectorAuth = SectionValue<typeof connectorKeys>;
