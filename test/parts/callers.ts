import type { Caller } from "../../src/authentication/caller.js";

/** A caller with a connector token of this name. */
export const connectorCaller = (name: string): Caller => ({
  kind: "connector",
  issuer: "",
  subject: name,
});

/** A caller with a JWT of this issuer. */
export const jwtCaller = (
  issuer: string,
  subject: string,
  times: Pick<Caller, "expiresAtSeconds" | "endsAtSeconds"> = {},
): Caller => ({ kind: "jwt", issuer, subject, ...times });
