import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type GetIceServersResponse,
  GetIceServersResponseSchema,
  type IceService,
} from "../../gen/ice/v1/ice_service_pb.js";
import type { FindRegion } from "../../geolocation/region-finder.js";
import type { IceServerList, IceServerRequest, ListIceServers } from "../../ice/ice-server-list.js";
import { type CallRecord, callRecordKey } from "../call-record.js";
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
      const list = listIceServers(
        requireCaller(values),
        findRegion === undefined || request.region !== ""
          ? request
          : placeRequest(request, findRegion(requestHeader, record)),
      );
      recordList(list, record);
      return toLastResponse(list);
    },
  };
}

function placeRequest({ ttlSeconds, maxUrls }: IceServerRequest, region: string): IceServerRequest {
  return { region, ttlSeconds, maxUrls };
}

function recordList({ region, credentialLife }: IceServerList, record: CallRecord): void {
  if (credentialLife !== undefined) {
    record.credentialExpiresAtSeconds = credentialLife.expiresAtSeconds;
  }
  if (region !== "") {
    record.region = region;
  }
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
