import { fileName } from "../../config/file-kinds.js";
import { optionalKey } from "../../config/key.js";
import type { SectionValue } from "../../config/kind.js";

/** The key of `auth` for connector tokens. */
export const connectorKeys = {
  connectorTokensFile: optionalKey(fileName, {
    example: "connector-tokens.yaml",
    variable: "ICE_CONNECTOR_TOKENS_FILE",
    help: 'tokens: [ { name, hash: "sha256:<hex>", expires: 2027-01-31T00:00:00Z, mayNameUsers: true } ]; see docs/end-users.md and `ice-service token new`',
  }),
};

/** The values of the configuration that this kind uses. */
export type ConnectorAuth = SectionValue<typeof connectorKeys>;
