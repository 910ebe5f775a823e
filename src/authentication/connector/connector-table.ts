import { DigestTable, digestBytes, sortDigests } from "../digest-table.js";
import type { ConnectorTokenEntry } from "./connector-token.js";

/** What a table knows of a token. */
export type ConnectorTableEntry = Omit<ConnectorTokenEntry, "hash">;

/** Of a token that does not expire. */
const never = Number.POSITIVE_INFINITY;
const countBytes = 4;
const expiresBytes = 8;
const rightsBytes = 1;
const nameEndBytes = 4;

/** The offset in bytes of each column; before them stands the number of entries. */
interface Columns {
  /** A {@link DigestTable}, by which the other columns are ordered. */
  readonly digests: number;
  /** Doubles, in Unix seconds. */
  readonly expires: number;
  /** 1 where a token may name users, else 0. */
  readonly rights: number;
  /** Where in the last column each name ends. */
  readonly nameEnds: number;
  /** In UTF-8, one behind the other. */
  readonly names: number;
}

function placeColumns(count: number): Columns {
  const expires = countBytes + count * digestBytes;
  const rights = expires + count * expiresBytes;
  const nameEnds = rights + count * rightsBytes;
  const names = nameEnds + count * nameEndBytes;
  return { digests: countBytes, expires, rights, nameEnds, names };
}

/**
 * The entries of connector tokens in one piece of memory. Nothing of it is read before a token is
 * looked up, however many there are.
 */
export class ConnectorTable {
  readonly #view: DataView;
  readonly #columns: Columns;
  readonly #digests: DigestTable;
  readonly #names: Buffer;

  /**
   * @param bytes as {@link encodeConnectorTable} makes them
   * @throws Error when they are something else
   */
  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#columns = placeColumns(byteLength < countBytes ? 0 : this.#view.getUint32(0));
    const { expires, digests, names } = this.#columns;
    const isWhole = byteLength >= names;
    const nameBytes =
      isWhole && names > countBytes ? this.#view.getUint32(names - nameEndBytes) : 0;
    if (!isWhole || byteLength !== names + nameBytes) {
      throw new Error("what was handed over are no connector tokens");
    }
    this.#digests = new DigestTable(bytes.subarray(digests, expires));
    this.#names = Buffer.from(buffer, byteOffset + names, byteLength - names);
  }

  /** How many entries there are. */
  get size(): number {
    return this.#digests.size;
  }

  /** @param digest SHA-256 of a token in hex */
  find(digest: string): ConnectorTableEntry | undefined {
    const index = this.#digests.find(digest);
    if (index === -1) {
      return undefined;
    }
    const start = index === 0 ? 0 : this.#findNameEnd(index - 1);
    const name = this.#names.toString("utf8", start, this.#findNameEnd(index));
    const expiresAtSeconds = this.#findExpiry(index);
    const mayNameUsers = this.#view.getUint8(this.#columns.rights + index * rightsBytes) === 1;
    return {
      name,
      ...(expiresAtSeconds !== never && { expiresAtSeconds }),
      ...(mayNameUsers && { mayNameUsers }),
    };
  }

  /** When the next token expires that is still accepted at this time; undefined if none ever does. */
  findNextExpiry(unixSeconds: number): number | undefined {
    let next = never;
    for (let index = 0; index < this.size; index += 1) {
      const expiry = this.#findExpiry(index);
      if (expiry > unixSeconds && expiry < next) {
        next = expiry;
      }
    }
    return next === never ? undefined : next;
  }

  /** Whether there is a token that is still accepted after this time. */
  hasTokenAfter(unixSeconds: number): boolean {
    for (let index = 0; index < this.size; index += 1) {
      if (this.#findExpiry(index) > unixSeconds) {
        return true;
      }
    }
    return false;
  }

  #findExpiry(index: number): number {
    return this.#view.getFloat64(this.#columns.expires + index * expiresBytes);
  }

  #findNameEnd(index: number): number {
    return this.#view.getUint32(this.#columns.nameEnds + index * nameEndBytes);
  }
}

/**
 * @param entries with different hashes, in any order
 * @returns the bytes of a {@link ConnectorTable}, in memory of their own
 */
export function encodeConnectorTable(entries: readonly ConnectorTokenEntry[]): Uint8Array {
  const { bytes: digests, order } = sortDigests(
    entries.map(({ hash }) => hash.slice("sha256:".length)),
  );
  const columns = placeColumns(entries.length);
  const names = Buffer.from(order.map((index) => entries[index]?.name).join(""));
  const bytes = new Uint8Array(columns.names + names.byteLength);
  bytes.set(digests, columns.digests);
  bytes.set(names, columns.names);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, entries.length);
  let nameEnd = 0;
  for (const [place, index] of order.entries()) {
    const { name = "", expiresAtSeconds = never, mayNameUsers } = entries[index] ?? {};
    nameEnd += Buffer.byteLength(name);
    view.setUint32(columns.nameEnds + place * nameEndBytes, nameEnd);
    view.setFloat64(columns.expires + place * expiresBytes, expiresAtSeconds);
    view.setUint8(columns.rights + place * rightsBytes, mayNameUsers === true ? 1 : 0);
  }
  return bytes;
}
