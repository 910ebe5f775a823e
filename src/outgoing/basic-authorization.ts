/**
 * The value of a header that proves who asks (Basic, RFC 7617), in UTF-8. It is as secret as the password.
 * The first colon ends the user.
 */
export function printBasicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
