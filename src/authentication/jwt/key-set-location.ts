import type { Secret } from "../../config/file-kinds.js";
import type { Place } from "../../config/place.js";
import { checkUrlSecurity, uncheckedUrl } from "../../outgoing/outgoing-url.js";
import { nameConfigurationUrl } from "./discovery.js";
import type { KeySetLocation } from "./jwks-fetch.js";

const risk = "an attacker who can answer in its place can sign tokens";
const discoverable = uncheckedUrl("https://login.example.com");

/** What an entry of `auth.jwt` says about a key set that is fetched. */
export interface WrittenLocation {
  readonly issuer: string;
  readonly jwksUrl?: URL;
  readonly discovery: boolean;
  readonly allowInsecureUrl: boolean;
  readonly caFile?: string;
  readonly fetchTokenFile?: Secret;
}

/** @returns undefined where nothing is fetched, or that is impossible, which is a problem */
export function chooseLocation(entry: WrittenLocation, place: Place): KeySetLocation | undefined {
  const { issuer, jwksUrl, discovery, allowInsecureUrl, caFile } = entry;
  const fetchTokenFile = entry.fetchTokenFile?.file;
  if (jwksUrl === undefined && !discovery) {
    for (const name of ["caFile", "fetchTokenFile"] as const) {
      if (entry[name] !== undefined) {
        place.at(name).refuse("has no effect without jwksUrl or discovery", "Remove it");
      }
    }
    return undefined;
  }
  const at = place.at(jwksUrl === undefined ? "issuer" : "jwksUrl");
  const url = jwksUrl ?? readConfigurationUrl(issuer, at);
  if (url === undefined) {
    return undefined;
  }
  checkUrlSecurity(url, { risk, allowInsecureUrl }, at);
  return {
    url,
    allowInsecureUrl,
    ...(jwksUrl === undefined && { discoveredIssuer: issuer }),
    ...(caFile !== undefined && { caFile }),
    ...(fetchTokenFile !== undefined && { fetchTokenFile }),
  };
}

function readConfigurationUrl(issuer: string, place: Place): URL | undefined {
  const url = nameConfigurationUrl(issuer);
  return url === undefined
    ? place.refuse(
        "is not a URL without query and fragment, as discovery needs",
        "Give jwksUrl instead of discovery",
      )
    : discoverable.read(url, place);
}
