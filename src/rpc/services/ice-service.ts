import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type GetIceServersResponse,
  GetIceServersResponseSchema,
  type IceService,
} from "../../gen/ice/v1/ice_service_pb.js";
import type { FindRegion } from "../../geolocation/region-finder.js";
import type { IceServerList, ListIceServers } from "../../ice/ice-server-list.js";
import { callRecordKey } from "../call-record.js";
import { requireCaller } from "../interceptors/authenticate.js";
import { rememberLast } from "../remember-last.js";

/**
 * IceService over the lister of ICE servers: the wire's names in, the wire's names out.
 * @param findRegion of callers who name none; undefined where all of them get the default one
 */
export function createIceService(
  listIceServers: ListIceServers,
  findRegion?: FindRegion,
): ServiceImpl<typeof IceService> {
  const toLastResponse = rememberLast(toResponse);
  return {
    getIceServers(request, { values, requestHeader }) {
      const record = values.get(callRecordKey);
      const { ttlSeconds, maxUrls } = request;
      const list = listIceServers(
        requireCaller(values),
        findRegion === undefined || request.region !== ""
          ? request
          : { region: findRegion(requestHeader, record), ttlSeconds, maxUrls },
      );
      if (list.credentialLife !== undefined) {
        record.credentialExpiresAtSeconds = list.credentialLife.expiresAtSeconds;
      }
      if (list.region !== "") {
        record.region = list.region;
      }
      return toLastResponse(list);
    },
  };
}

function toResponse({ iceServers, region, credentialLife }: IceServerList): GetIceServersResponse {
  return create(GetIceServersResponseSchema, {
    iceServers: iceServers.map(({ urls, username = "", credential = "" }) => ({
      urls: [...urls],
      username,
      credential,
    })),
    region,
    ...(credentialLife !== undefined && {
      expireTime: timestampFromMs(credentialLife.expiresAtSeconds * 1000),
      ttlSeconds: credentialLife.ttlSeconds,
    }),
  });
}
