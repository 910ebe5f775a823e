/** Whether an error only says that a client has gone away, which does no harm: so do TCP health checks. */
export function isClientGone(code: string | undefined): boolean {
  return code === "ECONNRESET" || code === "EPIPE";
}
