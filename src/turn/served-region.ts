import type { IceUrl } from "../ice/ice-url.js";
import { failOpen } from "./failover.js";
import type { IceRegion } from "./ice-server-settings.js";
import type { TurnProvider } from "./provider.js";
import { type IsUp, LiveUrls } from "./selection/live-urls.js";
import { planServers, type ServerPlan } from "./selection/server-plan.js";
import { UrlLimits } from "./selection/url-limits.js";

const noUrls: readonly IceUrl[] = [];

/** A region with what is known of its servers at the moment. */
export class ServedRegion {
  readonly name: string;
  readonly provider: TurnProvider | undefined;
  readonly #region: IceRegion;
  readonly #isUp: IsUp | undefined;
  readonly #stun: LiveUrls;
  #turn: LiveUrls;
  #planned:
    | {
        readonly stunUrls: readonly IceUrl[];
        readonly turnUrls: readonly IceUrl[];
        readonly version: string;
        readonly plan: ServerPlan;
      }
    | undefined;

  /** @param isUp undefined where nobody watches the servers: all are up then */
  constructor(region: IceRegion, isUp: IsUp | undefined) {
    this.name = region.name;
    this.provider = region.turn;
    this.#region = region;
    this.#isUp = isUp;
    this.#stun = new LiveUrls(region.stunUrls, isUp);
    this.#turn = new LiveUrls(region.turn?.urls ?? noUrls, isUp);
  }

  /** Whether a TURN server of the region is up. */
  hasLiveTurn(): boolean {
    return this.#readTurn().length > 0;
  }

  /** What holders are given now: the same object for as long as that is the same. */
  plan(): ServerPlan {
    const stunUrls = failOpen(this.#stun.read(), this.#stun.all);
    const turnUrls = failOpen(this.#readTurn(), this.#turn.all);
    const version = this.provider?.version ?? "";
    const planned = this.#planned;
    if (
      planned?.stunUrls === stunUrls &&
      planned.turnUrls === turnUrls &&
      planned.version === version
    ) {
      return planned.plan;
    }
    const options = { region: this.name, stunUrls, turnUrls, version };
    const plan = planServers(options, this.#region.spread);
    this.#planned = { stunUrls, turnUrls, version, plan };
    return plan;
  }

  /** For a provider that has nothing to give. */
  planWithoutTurn(): UrlLimits {
    const stunUrls = failOpen(this.#stun.read(), this.#stun.all);
    return new UrlLimits({ region: this.name, stunUrls, turnUrls: [], version: "" });
  }

  #readTurn(): readonly IceUrl[] {
    const urls = this.provider?.urls ?? noUrls;
    if (urls !== this.#turn.all) {
      this.#turn = new LiveUrls(urls, this.#isUp);
    }
    return this.#turn.read();
  }
}
