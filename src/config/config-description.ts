import type { AuthConfig, JwtIssuerConfig } from "./config.js";
import { printDuration } from "./duration.js";

const hidden = "<hidden>";

export function describeAuth({ jwt, ...rest }: AuthConfig): object {
  return { ...rest, jwt: jwt.map(describeIssuer) };
}

function describeIssuer({
  issuer,
  audience,
  clockToleranceSeconds,
  keys,
}: JwtIssuerConfig): object {
  const { algorithms } = keys;
  const source =
    keys.kind === "secret"
      ? { secretFile: hidden }
      : { [keys.kind]: keys.kind === "jwksUrl" ? keys.url.href : keys.file };
  return {
    issuer,
    audience,
    algorithms,
    ...source,
    clockTolerance: printDuration(clockToleranceSeconds),
  };
}
