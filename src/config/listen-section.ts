import { describeReadFailure } from "../files/read-failure.js";
import { isLoopback } from "./admin-section.js";
import { type ListenConfig, maxPemBytes, type TlsConfig } from "./config.js";
import type { ConfigFile } from "./file-schema.js";
import type { SectionContext } from "./section-context.js";
import { parseSubnet } from "./subnet.js";

type ListenSection = NonNullable<ConfigFile["listen"]>;

/** Builds the `listen` section; what is wrong with it joins the problems. */
export function buildListen(
  listen: ConfigFile["listen"] = {},
  context: SectionContext,
): ListenConfig {
  const { dev, problems } = context;
  const {
    host = dev ? "127.0.0.1" : "0.0.0.0",
    port = 8080,
    maxConnections = 20_000,
    tls,
    trustedProxies = [],
    clientAddressHeader = "x-forwarded-for",
  } = listen;
  checkTrustedProxies(trustedProxies, context);
  if (dev && !isLoopback(host)) {
    problems.add(
      ["listen", "host"],
      `${host} can be reached from elsewhere, which --dev does not allow`,
      "Use 127.0.0.1, or configure authentication and leave --dev out",
    );
  }
  return {
    host,
    port,
    maxConnections,
    trustedProxies,
    clientAddressHeader,
    ...(tls !== undefined && { tls: buildTls(tls, context) }),
  };
}

function buildTls(
  { certFile, keyFile, clientCaFile }: NonNullable<ListenSection["tls"]>,
  { problems, files, resolveFile }: SectionContext,
): TlsConfig {
  const resolveReadable = (key: keyof TlsConfig, name: string) => {
    const path = ["listen", "tls", key];
    const file = resolveFile(path, name);
    try {
      files.read(file, maxPemBytes);
    } catch (error) {
      const { problem, fix, transientCode } = describeReadFailure(error);
      problems.add(path, `${file} ${problem}`, fix, transientCode);
    }
    return file;
  };
  return {
    certFile: resolveReadable("certFile", certFile),
    keyFile: resolveReadable("keyFile", keyFile),
    ...(clientCaFile !== undefined && {
      clientCaFile: resolveReadable("clientCaFile", clientCaFile),
    }),
  };
}

function checkTrustedProxies(texts: readonly string[], { problems, warn }: SectionContext): void {
  const path = ["listen", "trustedProxies"];
  for (const [index, text] of texts.entries()) {
    const subnet = parseSubnet(text);
    if (subnet === undefined) {
      const fix = "Write CIDR blocks such as 10.0.0.0/8 and fd00::/8, or single addresses";
      problems.add(
        [...path, index],
        `${JSON.stringify(text)} is not an IP address or CIDR block`,
        fix,
      );
    } else if (subnet.prefixLength === 0) {
      warn(`listen.trustedProxies contains ${text}: every client can forge its address`);
    }
  }
}
