import type { Caller } from "../../src/authentication/caller.js";

/** Who presents a connector token of this name. */
export const connectorCaller = (name: string): Caller => ({
  kind: "connector",
  issuer: "",
  subject: name,
});

/** Who presents a JWT of this issuer. */
export const jwtCaller = (
  issuer: string,
  subject: string,
  times: Pick<Caller, "expiresAtSeconds" | "endsAtSeconds"> = {},
): Caller => ({ kind: "jwt", issuer, subject, ...times });
