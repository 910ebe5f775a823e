import { createContextKey } from "@connectrpc/connect";

/** The query of a REST request as it was sent, without `?`. Empty on every other protocol. */
export const rawQueryKey = createContextKey("", { description: "query of a REST request" });
