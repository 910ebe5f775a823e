import type { TurnSettings } from "./ice-server-list.js";
import type { IceUrl } from "./ice-url.js";
import { createListMaker, type MakeList } from "./list-maker.js";
import { type IsUp, LiveUrls } from "./live-urls.js";
import type { ServerPlan, ServerPlanOptions } from "./server-plan.js";

export interface ServedRegionOptions {
  /** Empty where no regions are configured. */
  readonly name: string;
  readonly stunUrls: readonly IceUrl[];
  readonly turn: TurnSettings | undefined;
  readonly plan: (options: ServerPlanOptions) => ServerPlan;
  readonly isUp: IsUp | undefined;
}

/** A region with what is known of its servers at the moment. */
export class ServedRegion {
  readonly name: string;
  readonly makeList: MakeList;
  readonly #stun: LiveUrls;
  readonly #turn: LiveUrls;
  readonly #createPlan: ServedRegionOptions["plan"];
  readonly #configured: ServerPlanOptions;
  /** What the plan was made of. */
  #planned: ServerPlanOptions | undefined;
  #plan: ServerPlan | undefined;

  constructor({ name, stunUrls, turn, plan, isUp }: ServedRegionOptions) {
    this.name = name;
    this.makeList = createListMaker(turn);
    this.#configured = { region: name, stunUrls, turnUrls: turn?.urls ?? [] };
    this.#stun = new LiveUrls(stunUrls, isUp);
    this.#turn = new LiveUrls(this.#configured.turnUrls, isUp);
    this.#createPlan = plan;
  }

  /** Whether a TURN server of the region is up. */
  hasLiveTurn(): boolean {
    return this.#turn.read().length > 0;
  }

  /**
   * What callers are given now. URLs that are down are left out; where all of a kind are, none is:
   * who watches them may be the one that is cut off.
   */
  plan(): ServerPlan {
    const stunUrls = orElse(this.#stun.read(), this.#configured.stunUrls);
    const turnUrls = orElse(this.#turn.read(), this.#configured.turnUrls);
    if (
      this.#plan === undefined ||
      this.#planned?.stunUrls !== stunUrls ||
      this.#planned.turnUrls !== turnUrls
    ) {
      this.#planned = { region: this.name, stunUrls, turnUrls };
      this.#plan = this.#createPlan(this.#planned);
    }
    return this.#plan;
  }
}

function orElse(live: readonly IceUrl[], configured: readonly IceUrl[]): readonly IceUrl[] {
  return live.length > 0 ? live : configured;
}
