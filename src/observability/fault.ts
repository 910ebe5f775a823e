/** Who caused a request to fail. `none`: it succeeded, or it ended as such requests do. */
export type Fault = "none" | "client" | "server";

/** How a request ended, as far as that shows who caused it. */
export interface RequestOutcome {
  /** The RPC code in lower snake case. Undefined where no RPC ran. */
  readonly code?: string | undefined;
  /** Set where the code alone would blame the wrong side. */
  readonly fault?: Fault | undefined;
}

/**
 * Decides who caused a request to fail. A client that cancels, or whose deadline passes, never makes
 * it the server's fault. UNAVAILABLE is the server's: something that it depends on is down.
 */
export function findFault({ code, fault }: RequestOutcome): Fault {
  if (fault !== undefined) {
    return fault;
  }
  switch (code) {
    case undefined:
    case "ok":
    case "canceled":
      return "none";
    case "internal":
    case "unknown":
    case "data_loss":
    case "unavailable":
      return "server";
    default:
      return "client";
  }
}
