/** Base64url without padding, three times (RFC 7515 section 7.1). */
const compactForm = /^[\w-]*\.[\w-]*\.[\w-]*$/;

/**
 * What a token claims of where it comes from, not to be believed before it is verified.
 * @returns undefined when the token is malformed
 */
export function readClaims(token: string): { readonly iss?: unknown } | undefined {
  // The decoders pass over white space and padding: a token could be written in any number of ways.
  if (!compactForm.test(token)) {
    return undefined;
  }
  const start = token.indexOf(".") + 1;
  const payload = token.slice(start, token.indexOf(".", start));
  try {
    // jose decodes it again, with care; this is a fraction of the time that its decodeJwt takes.
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    return claims instanceof Object && !Array.isArray(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}
