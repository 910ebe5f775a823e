import type { IceUrl } from "../ice/ice-url.js";
import { failOpen } from "./failover.js";
import type { IceRegion } from "./ice-server-settings.js";
import { JointIssuer } from "./managed/joint-issuer.js";
import type { ManagedChoice, OwnServers } from "./managed/managed-choice.js";
import type { TurnProvider } from "./provider.js";
import { type IsUp, LiveUrls } from "./selection/live-urls.js";
import { planServers, type ServerPlan } from "./selection/server-plan.js";
import { UrlLimits } from "./selection/url-limits.js";

const noUrls: readonly IceUrl[] = [];

/** What holders are given now. */
export interface ServedPlan {
  readonly servers: ServerPlan;
  /** Gives them credentials for the TURN URLs; undefined where there are none. */
  readonly issuer: Pick<TurnProvider, "issue"> | undefined;
}

/** A plan, and what it was made of. */
interface MadePlan {
  readonly stunUrls: readonly IceUrl[];
  readonly turnUrls: readonly IceUrl[];
  readonly version: string;
  readonly managedUrls: readonly IceUrl[];
  readonly managedVersion: string;
  readonly reason: string | undefined;
  readonly plan: ServedPlan;
}

/** A region with what is known of its servers at the moment. */
export class ServedRegion {
  readonly name: string;
  readonly #region: IceRegion;
  readonly #isUp: IsUp | undefined;
  readonly #managed: ManagedChoice | undefined;
  readonly #stun: LiveUrls;
  #turn: LiveUrls;
  #made: MadePlan | undefined;

  /**
   * @param isUp undefined where nobody watches the servers: all are up then
   * @param managed undefined where no managed provider is configured
   */
  constructor(region: IceRegion, isUp: IsUp | undefined, managed: ManagedChoice | undefined) {
    this.name = region.name;
    this.#region = region;
    this.#isUp = isUp;
    this.#managed = managed;
    this.#stun = new LiveUrls(region.stunUrls, isUp);
    this.#turn = new LiveUrls(region.turn?.urls ?? noUrls, isUp);
  }

  /** Whether one of the region's own TURN servers is up. */
  hasLiveTurn(): boolean {
    return this.#readTurn().length > 0;
  }

  /** What a call is to wait for before {@link plan}; undefined when there is nothing. */
  findWait(): Promise<void> | undefined {
    return this.#managed?.findWait(this.#describeOwn());
  }

  /** What holders are given now: the same object for as long as that is the same. */
  plan(): ServedPlan {
    const own = this.#region.turn;
    const managed = this.#managed?.choose(this.#describeOwn());
    const stunUrls = failOpen(this.#stun.read(), this.#stun.all);
    const turnUrls = managed?.isUp ? this.#readTurn() : failOpen(this.#readTurn(), this.#turn.all);
    const version = own?.version ?? "";
    const managedUrls = managed?.urls ?? noUrls;
    const managedVersion = managed?.issuer?.version ?? "";
    const reason = managed?.reason;
    const made = this.#made;
    if (
      made?.stunUrls === stunUrls &&
      made.turnUrls === turnUrls &&
      made.version === version &&
      made.managedUrls === managedUrls &&
      made.managedVersion === managedVersion &&
      made.reason === reason
    ) {
      return made.plan;
    }
    const versions = managed === undefined ? version : `${version} ${managedVersion}`;
    const options = { region: this.name, stunUrls, turnUrls, managed, version: versions };
    const plan = {
      servers: planServers(options, this.#region.spread),
      issuer: joinIssuers(turnUrls.length > 0 ? own : undefined, managed?.issuer),
    };
    this.#made = { stunUrls, turnUrls, version, managedUrls, managedVersion, reason, plan };
    return plan;
  }

  /** For an issuer that has nothing to give. */
  planWithoutTurn(): UrlLimits {
    const stunUrls = failOpen(this.#stun.read(), this.#stun.all);
    return new UrlLimits({ region: this.name, stunUrls, turnUrls: noUrls, version: "" });
  }

  #describeOwn(): OwnServers {
    const isUp = this.#readTurn().length > 0;
    return { exist: this.#turn.all.length > 0, isUp };
  }

  #readTurn(): readonly IceUrl[] {
    const urls = this.#region.turn?.urls ?? noUrls;
    if (urls !== this.#turn.all) {
      this.#turn = new LiveUrls(urls, this.#isUp);
    }
    return this.#turn.read();
  }
}

function joinIssuers(
  own: TurnProvider | undefined,
  managed: Pick<TurnProvider, "issue"> | undefined,
): Pick<TurnProvider, "issue"> | undefined {
  return own !== undefined && managed !== undefined
    ? new JointIssuer(own, managed)
    : (own ?? managed);
}
