import { list } from "../../config/collections.js";
import { key, optionalKey } from "../../config/key.js";
import { choice } from "../../config/scalars.js";
import { variants } from "../../config/variants.js";
import type { ManagedSettings, ManagedUse } from "../ice-server-settings.js";
import type { ManagedService } from "../managed/managed-service.js";
import { cloudflareSection } from "./cloudflare/cloudflare.js";
import { httpSection } from "./http/http.js";
import { twilioSection } from "./twilio/twilio.js";

/** Keys of `ice.turn`. */
export const managedTurnKeys = {
  managed: optionalKey(
    list(variants("provider", cloudflareSection, twilioSection, httpSection), { max: 10 }),
    {
      isAlternative: true,
      help: "TURN servers of others, in order of preference, see docs/managed-turn.md.",
    },
  ),
  managedUse: key(choice("fallback", "always"), {
    default: "fallback",
    help: "fallback: managed servers are in responses only while none of your own TURN servers is up. always: after your own.",
  }),
};

/** What `ice.turn` says of managed providers. */
export interface ManagedValues {
  readonly managed?: readonly {
    readonly provider: string;
    readonly createService: (name: string) => ManagedService;
  }[];
  readonly managedUse: ManagedUse;
}

/** Makes the services; those of a kind that is there already are numbered: `http`, `http-2`. */
export function configureManaged({
  managed = [],
  managedUse,
}: ManagedValues): { readonly managed: ManagedSettings } | undefined {
  const services = managed.map(({ provider, createService }, index) => {
    const before = managed.slice(0, index).filter((other) => other.provider === provider).length;
    return createService(before === 0 ? provider : `${provider}-${before + 1}`);
  });
  return services.length === 0 ? undefined : { managed: { services, use: managedUse } };
}
