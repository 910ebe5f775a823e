import { createSecretKey } from "node:crypto";
import type { IceServerList } from "../../src/ice/ice-server-list.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import type { IceServerLister } from "../../src/turn/ice-server-lister.js";
import type {
  CredentialLifeSettings,
  IceRegion,
  IceServerSettings,
} from "../../src/turn/ice-server-settings.js";
import {
  SharedSecretProvider,
  type SharedSecretSettings,
} from "../../src/turn/providers/shared-secret/provider.js";

export const hourLife: CredentialLifeSettings = {
  ttlSeconds: 3600,
  minTtlSeconds: 60,
  capAtTokenExpiry: false,
};

export function createSharedSecret(
  urls: readonly string[],
  {
    secret = "north",
    ...settings
  }: Partial<Omit<SharedSecretSettings, "urls">> & { secret?: string } = {},
): SharedSecretProvider {
  return new SharedSecretProvider({
    urls: urls.map(parseIceUrl),
    secrets: [{ name: "turn.secret", key: createSecretKey(secret, "utf8") }],
    identity: "static",
    name: "gateway",
    ...settings,
  });
}

/** One region without a name. */
export function createFleet(
  region: Omit<IceRegion, "name">,
  life: Partial<CredentialLifeSettings> = {},
): IceServerSettings {
  return {
    regions: [{ name: "", ...region }],
    defaultRegion: "",
    life: { ...hourLife, ...life },
  };
}

type List = (...args: Parameters<IceServerLister["list"]>) => IceServerList;

/** A lister whose providers answer at once. */
export function listAtOnce({ list }: Pick<IceServerLister, "list">): List {
  return (...args) => {
    const made = list(...args);
    if (made instanceof Promise) {
      throw new TypeError("the list is not made at once");
    }
    return made;
  };
}
