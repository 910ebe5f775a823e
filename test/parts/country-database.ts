import { isIPv4 } from "node:net";

export interface TestNetwork {
  readonly country?: string;
  readonly continent?: string;
}

export interface CountryDatabaseOptions {
  readonly databaseType?: string;
  readonly ipVersion?: 4 | 6;
}

/** A Buffer is encoded already. */
type Value = string | Buffer | readonly Value[] | { readonly [key: string]: Value };
type Node = [left: Child, right: Child];
type Child = Node | { readonly record: number } | undefined;

/**
 * Writes a file of countries in MaxMind's format, version 2.0
 * (https://maxmind.github.io/MaxMind-DB/), with what the specification needs and no more.
 *
 * @param networks by CIDR block, such as `192.0.2.0/24`; a later one that lies within an earlier one
 *   takes its part of it
 */
export function writeCountryDatabase(
  networks: Readonly<Record<string, TestNetwork>>,
  { databaseType = "GeoLite2-Country", ipVersion = 6 }: CountryDatabaseOptions = {},
): Buffer {
  const root: Node = [undefined, undefined];
  const records: Buffer[] = [];
  for (const [block, { country, continent }] of Object.entries(networks)) {
    const encoded = encode({
      ...(continent !== undefined && {
        continent: { code: continent, names: { en: continent } },
      }),
      ...(country !== undefined && { country: { iso_code: country, names: { en: country } } }),
    });
    const known = records.findIndex((record) => record.equals(encoded));
    insert(root, toBits(block, ipVersion), {
      record: known === -1 ? records.push(encoded) - 1 : known,
    });
  }
  const nodes = number(root);
  const offsets = records.map((_, index) =>
    records.slice(0, index).reduce((sum, { length }) => sum + length, 0),
  );
  const toRecord = (child: Child) => {
    if (child === undefined) {
      return nodes.size;
    }
    return "record" in child
      ? nodes.size + 16 + (offsets[child.record] ?? 0)
      : (nodes.get(child) ?? 0);
  };
  const tree = Buffer.alloc(nodes.size * 6);
  for (const [[left, right], index] of nodes) {
    tree.writeUIntBE(toRecord(left), index * 6, 3);
    tree.writeUIntBE(toRecord(right), index * 6 + 3, 3);
  }
  const metadata = encode({
    binary_format_major_version: encodeUint16(2),
    binary_format_minor_version: encodeUint16(0),
    build_epoch: encodeUint64(1_748_390_400),
    database_type: databaseType,
    description: { en: "made by a test" },
    ip_version: encodeUint16(ipVersion),
    languages: ["en"],
    node_count: encodeUint32(nodes.size),
    record_size: encodeUint16(24),
  });
  const marker = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
  return Buffer.concat([tree, Buffer.alloc(16), ...records, marker, metadata]);
}

/** The bits of a network's prefix; IPv4 lies at ::/96 of an IPv6 tree. */
function toBits(block: string, ipVersion: 4 | 6): number[] {
  const [address = "", length = ""] = block.split("/");
  if (isIPv4(address)) {
    const bits = address.split(".").flatMap((octet) => toBinary(Number(octet), 8));
    const prefix = bits.slice(0, Number(length));
    return ipVersion === 4 ? prefix : [...new Array<number>(96).fill(0), ...prefix];
  }
  return parseIPv6(address)
    .flatMap((group) => toBinary(group, 16))
    .slice(0, Number(length));
}

function parseIPv6(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const read = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [first, last] = [read(head), read(tail ?? "")];
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function toBinary(value: number, width: number): number[] {
  return Array.from({ length: width }, (_, index) => (value >> (width - 1 - index)) & 1);
}

function insert(root: Node, bits: readonly number[], leaf: { readonly record: number }): void {
  let node = root;
  for (const [depth, bit] of bits.entries()) {
    if (depth === bits.length - 1) {
      node[bit] = leaf;
      return;
    }
    const child = node[bit];
    const next: Node = Array.isArray(child) ? child : [child, child];
    node[bit] = next;
    node = next;
  }
}

function number(root: Node): Map<Node, number> {
  const nodes = new Map([[root, 0]]);
  for (const [node] of nodes) {
    for (const child of node) {
      if (Array.isArray(child)) {
        nodes.set(child, nodes.size);
      }
    }
  }
  return nodes;
}

/** Strings, maps and arrays of less than 29 bytes or members. */
function encode(value: Value): Buffer {
  if (Buffer.isBuffer(value)) {
    return value;
  }
  if (typeof value === "string") {
    return Buffer.concat([Buffer.from([(2 << 5) | value.length]), Buffer.from(value)]);
  }
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from([value.length, 11 - 7]), ...value.map(encode)]);
  }
  const members = Object.entries(value);
  return Buffer.concat([
    Buffer.from([(7 << 5) | members.length]),
    ...members.flatMap(([key, member]) => [encode(key), encode(member)]),
  ]);
}

function encodeUint16(value: number): Buffer {
  return Buffer.from([(5 << 5) | 2, value >> 8, value & 0xff]);
}

function encodeUint32(value: number): Buffer {
  const bytes = Buffer.from([(6 << 5) | 4, 0, 0, 0, 0]);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

function encodeUint64(value: number): Buffer {
  const bytes = Buffer.from([8, 9 - 7, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigUInt64BE(BigInt(value), 2);
  return bytes;
}
