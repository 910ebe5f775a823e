import type { IceServerRequest } from "../ice/ice-server-list.js";
import { parseIpAddress } from "../ip-address.js";
import type { FindRegion, RequestOrigin } from "./region-finder.js";

/** A request as it was sent. */
export interface UnplacedRequest extends IceServerRequest {
  /** The address of the user that it is for, if the caller names it; else empty. */
  readonly clientAddress: string;
}

const noHeaders = new Headers();

/**
 * The request as it is answered: one that names no region gets that of the place where it comes from.
 * Where the caller names the address of a user, the connection and its headers are about the caller, and
 * are not looked at.
 * @param findRegion of the present configuration; undefined where all get the default region
 */
export function placeRequest(
  request: UnplacedRequest,
  findRegion: FindRegion | undefined,
  headers: Pick<Headers, "get">,
  origin: RequestOrigin,
): IceServerRequest {
  if (findRegion === undefined || request.region !== "") {
    return request;
  }
  const { ttlSeconds, maxUrls, clientAddress } = request;
  const region =
    clientAddress === ""
      ? findRegion(headers, origin)
      : findRegion(noHeaders, { clientAddress: parseIpAddress(clientAddress) });
  return { region, ttlSeconds, maxUrls };
}
