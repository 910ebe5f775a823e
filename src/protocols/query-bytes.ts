/**
 * The value of a query parameter as percent-decoded bytes, which may not be UTF-8.
 *
 * @param query as sent, without `?`
 * @param name decoded
 * @returns the first parameter of that name; empty if there is none
 */
export function readQueryBytes(query: string, name: string): Uint8Array {
  const parameter = query.split("&").find((each) => readName(each) === name);
  const value = parameter?.slice(parameter.indexOf("=") + 1);
  return decodeFormBytes(value ?? "");
}

/** @returns undefined for a parameter without a value */
function readName(parameter: string): string | undefined {
  const end = parameter.indexOf("=");
  if (end === -1) {
    return undefined;
  }
  const name = parameter.slice(0, end);
  return /[%+]/.test(name) ? decodeFormBytes(name).toString() : name;
}

/** Decodes a form value: `+` is a space, and `%` without two digits stays as it is. */
export function decodeFormBytes(text: string): Buffer {
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
