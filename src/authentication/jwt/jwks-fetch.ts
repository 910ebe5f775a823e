import { readFile, stat } from "node:fs/promises";
import { findErrorCode } from "../../errors.js";
import { OutgoingError, type OutgoingHttp } from "../../outgoing/outgoing-http.js";
import { printWithoutQuery } from "../../outgoing/outgoing-url.js";
import { findKeySetUrl } from "./discovery.js";
import { KeySetError, maxKeySetBytes } from "./key-set.js";

/** The location of an issuer's key set, and how it is fetched. */
export interface KeySetLocation {
  /** The URL of the key set; with `discoveredIssuer`, of the OpenID configuration that names it. */
  readonly url: URL;
  /** The `issuer` that the OpenID configuration must have. Absent without discovery. */
  readonly discoveredIssuer?: string;
  /** Whether the key set may have an `http:` URL that is not on loopback. */
  readonly allowInsecureUrl: boolean;
  /** A PEM file with the only trusted authorities. Absent: those that Node trusts. */
  readonly caFile?: string;
  /** A file with a bearer token for the requests. */
  readonly fetchTokenFile?: string;
}

/** The largest file that is read for a fetch, in bytes. */
const maxAccessFileBytes = 1024 * 1024;

/**
 * Gets the text of a key set: status 200 only, at most 256 KiB after decompression.
 *
 * Files are read again for each fetch, because Kubernetes replaces its tokens, which live for an hour.
 *
 * @param timeoutMs for each whole answer; with discovery there are two
 * @param closed ends the fetch early
 * @throws KeySetError with the cause, without the URL
 */
export async function fetchKeySetText(
  outgoing: OutgoingHttp,
  location: KeySetLocation,
  timeoutMs: number,
  closed: AbortSignal,
): Promise<string> {
  const { url, discoveredIssuer } = location;
  const request = {
    headers: {
      Accept: "application/jwk-set+json, application/json",
      ...(await authorize(location)),
    },
    authorities: await readAuthorities(location),
    ...{ timeoutMs, maxBytes: maxKeySetBytes, signal: closed },
  };

  async function getText(from: URL): Promise<string> {
    try {
      const { status, text } = await outgoing.send(from, request);
      if (status !== 200) {
        throw new KeySetError(`HTTP status ${status}`);
      }
      return text;
    } catch (error) {
      throw error instanceof OutgoingError ? new KeySetError(error.message) : error;
    }
  }

  const text = await getText(url);
  if (discoveredIssuer === undefined) {
    return text;
  }
  const keySetUrl = findKeySetUrl(text, discoveredIssuer, location);
  return getText(keySetUrl).catch((error) => {
    throw error instanceof KeySetError
      ? new KeySetError(`jwks_uri ${printWithoutQuery(keySetUrl)}: ${error.message}`)
      : error;
  });
}

async function readAuthorities({ caFile }: KeySetLocation): Promise<string | undefined> {
  return caFile === undefined ? undefined : readText(caFile, "caFile");
}

async function authorize({
  fetchTokenFile,
}: KeySetLocation): Promise<{ readonly Authorization?: string }> {
  if (fetchTokenFile === undefined) {
    return {};
  }
  const token = (await readText(fetchTokenFile, "fetchTokenFile")).replace(/\r?\n$/, "");
  // An error would quote what cannot be sent.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new KeySetError("fetchTokenFile contains no token that can be sent");
  }
  return { Authorization: `Bearer ${token}` };
}

async function readText(file: string, key: string): Promise<string> {
  try {
    const found = await stat(file);
    if (!found.isFile() || found.size > maxAccessFileBytes) {
      throw new KeySetError(`${key} is not a file of up to ${maxAccessFileBytes} bytes`);
    }
    return await readFile(file, "utf8");
  } catch (error) {
    throw error instanceof KeySetError
      ? error
      : new KeySetError(`${key} cannot be read (${findErrorCode(error) ?? "unknown error"})`);
  }
}
