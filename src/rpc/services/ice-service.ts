import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type GetIceServersResponse,
  GetIceServersResponseSchema,
  type IceService,
} from "../../gen/ice/v1/ice_service_pb.js";
import type { IceServerList, ListIceServers } from "../../ice/ice-server-list.js";
import { callRecordKey } from "../call-record.js";
import { requireCaller } from "../interceptors/authenticate.js";
import { rememberLast } from "../remember-last.js";

/** IceService over the lister of ICE servers: the wire's names in, the wire's names out. */
export function createIceService(listIceServers: ListIceServers): ServiceImpl<typeof IceService> {
  const toLastResponse = rememberLast(toResponse);
  return {
    getIceServers(request, { values }) {
      const list = listIceServers(requireCaller(values), request);
      if (list.credentialLife !== undefined) {
        values.get(callRecordKey).credentialExpiresAtSeconds = list.credentialLife.expiresAtSeconds;
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
