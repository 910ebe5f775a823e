/**
 * Ranks servers for a caller by weighted rendezvous hashing (Wang, Ravishankar: "Using name-based
 * mappings to increase hit rates", 1998; weights by -w/ln h): each caller has an order of its own,
 * a server comes first for its share of the callers, and one that goes or comes changes nothing in
 * the order of the others.
 */
export class ServerRanking {
  readonly #servers: readonly { readonly hash: number; readonly weight: number }[];

  constructor(servers: readonly { readonly host: string; readonly weight: number }[]) {
    this.#servers = servers.map(({ host, weight }) => ({ hash: mix(hashText(host)), weight }));
  }

  /**
   * @param callerHash see {@link hashCaller}
   * @returns indices of the servers, best first
   */
  rank(callerHash: number): number[] {
    const order: number[] = [];
    const scores: number[] = [];
    for (const [index, { hash, weight }] of this.#servers.entries()) {
      const uniform = (mix(callerHash ^ hash) + 0.5) / 2 ** 32;
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

/** The same for a caller on every machine and in every version: its servers depend on it. */
export function hashCaller({
  issuer = "",
  subject,
}: {
  readonly issuer?: string;
  readonly subject: string;
}): number {
  return mix(hashText(subject, hashText("\n", hashText(issuer))));
}

/** FNV-1a over UTF-16 code units (https://datatracker.ietf.org/doc/html/draft-eastlake-fnv). */
function hashText(text: string, basis = 0x811c9dc5): number {
  let hash = basis;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The finalizer of MurmurHash3: each bit of the input changes half of the output's. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
