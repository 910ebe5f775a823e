/**
 * A request target in origin form, as sent and never normalised: a proxy may send the absolute form
 * (RFC 9112 section 3.2.2), and tokens are read raw.
 */
function toOriginForm(target: string): string {
  return target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?]*/i, "");
}

export interface RequestTarget {
  readonly path: string;
  /** Without `?`. */
  readonly query: string;
}

/** The path and the query of a request target in either form. */
export function splitRequestTarget(target: string): RequestTarget {
  const originForm = toOriginForm(target);
  const mark = originForm.indexOf("?");
  return mark === -1
    ? { path: originForm, query: "" }
    : { path: originForm.slice(0, mark), query: originForm.slice(mark + 1) };
}
