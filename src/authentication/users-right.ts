import { CallRejectedError, InvalidFieldError } from "../errors.js";
import { parseIpAddress } from "../ip-address.js";
import type { Holder } from "../turn/holder.js";
import type { Caller } from "./caller.js";

/** Whom a caller asks for. Empty texts: for itself. */
export interface NamedUser {
  /** The caller's name for the user. */
  readonly user: string;
  readonly clientAddress: string;
}

/** A caller, or a user of it. */
export interface CallerHolder extends Holder {
  /** When the caller's token expires, in Unix seconds; absent where it never does. */
  readonly expiresAtSeconds?: number;
}

const maxUserBytes = 256;

/** The caller's token may not name users. The message is meant for the caller. */
export class UsersRightMissingError extends CallRejectedError {
  override readonly name = "UsersRightMissingError";
  override readonly reason = "users_right_missing";

  /** @param scope what the token lacks; undefined where no scope gives the right */
  constructor(readonly scope: string | undefined) {
    super("this token may not name a user or a client address");
  }
}

/**
 * On whose behalf a caller asks: its own, or that of the user that it names. Nothing of what it names
 * is repeated in errors.
 *
 * @throws UsersRightMissingError when the caller may not name users
 * @throws InvalidFieldError when what it names cannot be used
 */
export function findHolder(caller: Caller, { user, clientAddress }: NamedUser): CallerHolder {
  if (user === "" && clientAddress === "") {
    return caller;
  }
  const { usersRight } = caller;
  if (usersRight !== "granted") {
    throw new UsersRightMissingError(usersRight?.missingScope);
  }
  if (Buffer.byteLength(user) > maxUserBytes) {
    throw new InvalidFieldError("user", `must be at most ${maxUserBytes} bytes`);
  }
  if (clientAddress !== "" && parseIpAddress(clientAddress) === undefined) {
    throw new InvalidFieldError(
      "client_address",
      "must be an IP address without port, brackets, and zone",
    );
  }
  return user === "" ? caller : { ...caller, user };
}
