import { hashText, mixBits } from "../holder.js";

/**
 * Ranks servers for a holder by weighted rendezvous hashing (Wang, Ravishankar: "Using name-based
 * mappings to increase hit rates", 1998; weights by -w/ln h): each holder has an order of its own,
 * a server comes first for its share of the holders, and one that goes or comes changes nothing in
 * the order of the others.
 */
export class ServerRanking {
  readonly #servers: readonly { readonly hash: number; readonly weight: number }[];

  constructor(servers: readonly { readonly host: string; readonly weight: number }[]) {
    this.#servers = servers.map(({ host, weight }) => ({ hash: mixBits(hashText(host)), weight }));
  }

  /**
   * @param holderHash see {@link hashHolder}
   * @returns indices of the servers, best first
   */
  rank(holderHash: number): number[] {
    const order: number[] = [];
    const scores: number[] = [];
    for (const [index, { hash, weight }] of this.#servers.entries()) {
      const uniform = (mixBits(holderHash ^ hash) + 0.5) / 2 ** 32;
      const score = -weight / Math.log(uniform);
      let place = order.length;
      while (place > 0 && score > (scores[place - 1] ?? 0)) {
        place -= 1;
      }
      order.splice(place, 0, index);
      scores.splice(place, 0, score);
    }
    return order;
  }
}
