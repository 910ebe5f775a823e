import type { IceServerRequest } from "../ice/ice-server-list.js";
import type { FindRegion, RequestOrigin } from "./region-finder.js";

/**
 * The request as it is answered: one that names no region gets that of the place where it comes from.
 * @param findRegion of the present configuration; undefined where all get the default region
 */
export function placeRequest(
  request: IceServerRequest,
  findRegion: FindRegion | undefined,
  headers: Pick<Headers, "get">,
  origin: RequestOrigin,
): IceServerRequest {
  if (findRegion === undefined || request.region !== "") {
    return request;
  }
  const { ttlSeconds, maxUrls } = request;
  return { region: findRegion(headers, origin), ttlSeconds, maxUrls };
}
