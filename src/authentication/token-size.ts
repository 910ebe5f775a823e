/** The longest token of any kind that is looked at, in UTF-8 bytes. */
export const maxTokenBytes = 8192;

/** Whether a token is longer than {@link maxTokenBytes}. */
export function isTooLarge(token: string): boolean {
  // A character takes up to three bytes; to count them takes longer than all the rest of a lookup.
  return (
    token.length > maxTokenBytes ||
    (token.length > maxTokenBytes / 3 && Buffer.byteLength(token) > maxTokenBytes)
  );
}
