/**
 * The value of a query parameter as percent-decoded bytes, which may not be UTF-8.
 *
 * @param query as sent, without `?`
 * @param name as it is written in the query
 * @returns the first parameter of that name; empty if there is none
 */
export function readQueryBytes(query: string, name: string): Uint8Array {
  const parameter = query.split("&").find((each) => each.startsWith(`${name}=`)) ?? "";
  return decodeFormBytes(parameter.slice(name.length + 1));
}

/** Decodes a form value: `+` is a space, and `%` without two digits stays as it is. */
export function decodeFormBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text.replaceAll("+", " "));
  let size = 0;
  for (let index = 0; index < bytes.length; index++) {
    let byte = bytes[index] ?? 0;
    const digits = byte === percentSign ? bytes.toString("latin1", index + 1, index + 3) : "";
    if (/^[\da-f]{2}$/i.test(digits)) {
      byte = Number.parseInt(digits, 16);
      index += 2;
    }
    bytes[size] = byte;
    size += 1;
  }
  return bytes.subarray(0, size);
}

const percentSign = 0x25;
