import { list } from "../config/collections.js";
import { key } from "../config/key.js";
import { checked, type Kind, type SectionValue } from "../config/kind.js";
import { choice, text } from "../config/scalars.js";
import { parseSubnet, type Subnet } from "../ip-address.js";
import { clientAddressHeaders } from "./forwarded-header.js";

/** A block of addresses, or a single one. No client address has a zone, or is IPv4 written as IPv6. */
const block: Kind<Subnet, string, ""> = {
  unit: "",
  read(given, place) {
    const written = text().read(given, place);
    if (written === undefined) {
      return undefined;
    }
    const subnet = parseBlock(written);
    if (subnet === undefined) {
      const bare = written.replace(/^\[([^\]]*)\]/, "$1");
      const fix =
        parseBlock(bare) === undefined
          ? "Write CIDR blocks such as 10.0.0.0/8 and fd00::/8, or single addresses, without a port"
          : `Write ${bare}`;
      return place.refuse(`${JSON.stringify(written)} is not an IP address or CIDR block`, fix);
    }
    return subnet;
  },
  describe: (subnet) => subnet.text,
};

function parseBlock(written: string): Subnet | undefined {
  return /%|^::ffff:/i.test(written) ? undefined : parseSubnet(written);
}

/** The addresses of machines whose word about the client counts. */
const proxies = (keyName: string) =>
  checked(list(block, { max: 1000 }), (subnets, place) => {
    for (const { prefixLength, text: written } of subnets) {
      if (prefixLength === 0) {
        place.warn(`${keyName} contains ${written}: every client can forge its address`);
      }
    }
    return subnets;
  });

/** The keys of `listen` that say where requests come from. */
export const clientAddressKeys = {
  proxyProtocolFrom: key(proxies("listen.proxyProtocolFrom"), {
    default: [],
    help: "Load balancers whose connections begin with a PROXY protocol header (version 1 or 2), as CIDR blocks or addresses. Its source address counts as the address of the connection, also for trustedProxies. A connection from there without the header is closed. Applies to new connections of the main port; see docs/proxies.md.",
  }),
  trustedProxies: key(proxies("listen.trustedProxies"), {
    default: [],
    variable: "ICE_TRUSTED_PROXIES",
    help: "Proxies in front, as CIDR blocks or addresses. For their requests, the client address for limits, regions and the log comes from the header. The header is ignored in all other requests.",
  }),
  clientAddressHeader: key(choice(...clientAddressHeaders), {
    default: "x-forwarded-for",
    help: "The header in which these proxies write the client address; forwarded is RFC 7239.",
  }),
};

export type ClientAddressConfig = Omit<SectionValue<typeof clientAddressKeys>, "proxyProtocolFrom">;
