const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

/** A PROXY protocol header of version 2, whatever sense it makes. */
export function writeBinaryProxyHeader(
  versionAndCommand: number,
  familyAndTransport: number,
  ...rest: readonly Buffer[]
): Buffer {
  const body = Buffer.concat(rest);
  const fixed = Buffer.alloc(4);
  fixed.writeUInt8(versionAndCommand, 0);
  fixed.writeUInt8(familyAndTransport, 1);
  fixed.writeUInt16BE(body.length, 2);
  return Buffer.concat([signature, fixed, body]);
}

/** One of version 1, from an IPv4 address. */
export function writeTextProxyHeader(sourceAddress: string): Buffer {
  return Buffer.from(`PROXY TCP4 ${sourceAddress} 127.0.0.1 56789 443\r\n`);
}

/** One of version 2, from an IPv4 address. */
export function writeProxyHeader(sourceAddress: string): Buffer {
  const addresses = Buffer.from([
    ...sourceAddress.split(".").map(Number),
    ...[127, 0, 0, 1, 0xdd, 0xd5, 0x01, 0xbb],
  ]);
  return writeBinaryProxyHeader(0x21, 0x11, addresses);
}
