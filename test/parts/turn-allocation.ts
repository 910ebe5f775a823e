import { fileURLToPath } from "node:url";
import { z } from "zod";
import { runPython } from "./python.js";

const script = fileURLToPath(new URL("allocate.py", import.meta.url));

export interface AllocationTarget {
  readonly host?: string;
  readonly port: number;
  readonly transport: "udp" | "tcp" | "tls";
  readonly username: string;
  readonly credential: string;
  /** For `tls`: the authority that signed the server's certificate. */
  readonly caFile?: string;
  /** The realm that the server has to name. */
  readonly realm?: string;
}

export type AllocationOutcome =
  | {
      readonly allocated: true;
      readonly relayedTransportAddress: string;
      readonly lifetimeSeconds: number;
    }
  | { readonly allocated: false; readonly errorCode: number };

const realm = z.string().nullable();
const outcomeSchema = z.discriminatedUnion("allocated", [
  z.object({
    allocated: z.literal(true),
    relayedTransportAddress: z.string(),
    lifetimeSeconds: z.number(),
    realm,
  }),
  z.object({ allocated: z.literal(false), errorCode: z.number(), realm }),
]);

/**
 * Asks a TURN server for a relay (RFC 8656) with a client that shares no code with ours: Debian's
 * aioice. Throws when the server cannot be reached, gives no answer within 30 s, or names another
 * realm.
 */
export async function allocateRelay(target: AllocationTarget): Promise<AllocationOutcome> {
  const output = await runPython([script], {
    input: JSON.stringify({ host: "127.0.0.1", ...target }),
    timeoutMs: 60_000,
  });
  const { realm, ...outcome } = outcomeSchema.parse(JSON.parse(output));
  if (target.realm !== undefined && target.realm !== realm) {
    throw new Error(`the TURN server names the realm ${realm}, not ${target.realm}`);
  }
  return outcome;
}
