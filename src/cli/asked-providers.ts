import { systemClock, systemTimer } from "../clock.js";
import { createOutgoingHttp } from "../outgoing/outgoing-http.js";
import type { ManagedSettings } from "../turn/ice-server-settings.js";
import { ManagedChoice } from "../turn/managed/managed-choice.js";
import { ManagedProvider } from "../turn/managed/managed-provider.js";
import { ManagedStates } from "../turn/managed/managed-states.js";
import { ManagedRenewals } from "../turn/managed/renewal/managed-renewals.js";

/** A managed TURN provider that gives no credential, and why. */
export interface FailedProvider {
  readonly provider: string;
  readonly problem: string;
}

/** The managed TURN providers of a configuration, asked by a command for itself. */
export interface AskedProviders {
  /** In order of preference. */
  readonly providers: readonly ManagedProvider[];
  /** For a lister. */
  readonly choice: ManagedChoice | undefined;
  /** Those that give no credential at the moment. */
  listFailed(): readonly FailedProvider[];
}

/** Asks each provider once, and waits for it; renews the credentials for as long as the command runs. */
export async function askProviders(settings: ManagedSettings | undefined): Promise<AskedProviders> {
  if (settings === undefined) {
    return { providers: [], choice: undefined, listFailed: () => [] };
  }
  const { services } = settings;
  const states = new ManagedStates();
  const clock = systemClock;
  const problems = new Map<string, string>();
  const log = {
    info() {},
    warn({ provider = "", problem = "" }: { provider?: string; problem?: string }) {
      problems.set(provider, problem);
    },
    error() {},
  };
  const startTimer = systemTimer;
  const renewals = new ManagedRenewals(states, {
    ...{ clock, startTimer, random: Math.random, log, isRejected: () => false },
    outgoing: createOutgoingHttp(process.env),
  });
  renewals.use(services);
  const providers = services.map((service) => new ManagedProvider(service, states, clock));
  while (providers.some(({ isPending }) => isPending)) {
    await states.next;
  }
  return {
    providers,
    choice: new ManagedChoice(settings, { states, clock, startTimer, log, isUp: undefined }),
    listFailed: () =>
      providers
        .filter(({ urls }) => urls.length === 0)
        .map(({ name }) => ({ provider: name, problem: problems.get(name) ?? "no credential" })),
  };
}
