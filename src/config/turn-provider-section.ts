import type { IceUrl } from "../ice/ice-url.js";
import { SharedSecretProvider } from "../turn/providers/shared-secret/provider.js";
import { findTurnNameProblem } from "../turn/providers/shared-secret/turn-name.js";
import type { RegionConfig } from "./config.js";
import type { RegionFileEntry, TurnFileSection } from "./file-schema.js";
import type { ProblemList } from "./problem-list.js";
import { readSecretFiles, type TurnSecretContext, takeSecrets } from "./turn-secrets.js";

/** The TURN servers of a region, or of `ice.turn`, with what it says otherwise than `ice.turn`. */
export interface TurnServerKeys extends Pick<RegionFileEntry, "name" | "secretFiles"> {
  readonly path: readonly PropertyKey[];
  readonly urls: readonly IceUrl[];
}

export type ProviderSettings = Pick<RegionConfig, "turn" | "sharedSecret" | "providerKeys">;

const defaultName = "webrtc-gateway";
const hidden = "<hidden>";

/**
 * Builds the provider of a region's TURN servers, of the kind that its keys ask for. What is wrong
 * with them joins the problems, and may leave nothing.
 */
export function buildTurnProvider(
  turn: TurnFileSection,
  { path, urls, name, secretFiles }: TurnServerKeys,
  context: TurnSecretContext,
): ProviderSettings | undefined {
  const { problems } = context;
  checkTurnName(name, path, problems);
  const secretPath = [...path, "secretFiles"];
  const secrets =
    secretFiles === undefined ? context.secrets : readSecretFiles(secretPath, secretFiles, context);
  const sharedSecret = takeSecrets(secrets, secretPath, context);
  if (sharedSecret === undefined) {
    return undefined;
  }
  const naming = { identity: turn.identity ?? "static", name: name ?? turn.name ?? defaultName };
  const { files } = sharedSecret;
  const { pseudonymKey } = context;
  return {
    turn: new SharedSecretProvider({
      urls,
      ...naming,
      secrets: sharedSecret.secrets,
      ...(pseudonymKey && { pseudonymKey: pseudonymKey.key }),
    }),
    sharedSecret,
    providerKeys: {
      shared: {
        identity: naming.identity,
        ...(pseudonymKey && { pseudonymKeyFile: pseudonymKey.file }),
      },
      // The secret of a variable, or of development, stands in no file.
      own: { secretFiles: files.length > 0 ? files : [hidden], name: naming.name },
    },
  };
}

/** @param path of what has the name */
export function checkTurnName(
  name: string | undefined,
  path: readonly PropertyKey[],
  problems: ProblemList,
): void {
  const problem = name === undefined ? undefined : findTurnNameProblem(name);
  if (problem !== undefined) {
    problems.add([...path, "name"], problem, "Use letters, digits and hyphens");
  }
}
