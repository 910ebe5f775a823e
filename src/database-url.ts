/** Whether the user name and the password of a URL can be read: they are percent-encoded UTF-8. */
export function hasReadableCredentials({ username, password }: URL): boolean {
  try {
    decodeURIComponent(`${username}:${password}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Where a `redis:` or `rediss:` URL leads, as the options of ioredis. What it leaves out is
 * localhost, port 6379, database 0, and the empty text.
 *
 * @throws URIError unless {@link hasReadableCredentials}
 */
export function readRedisUrl(url: URL) {
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost",
    port: Number(url.port || 6379),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    db: Number(url.pathname.slice(1)),
    ...(url.protocol === "rediss:" && { tls: {} }),
  };
}
