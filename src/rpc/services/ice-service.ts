import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type GetIceServersResponse,
  GetIceServersResponseSchema,
  type IceService,
} from "../../gen/ice/v1/ice_service_pb.js";
import type { IceServerList, ListIceServers } from "../../ice/ice-server-list.js";
import type { IceServerWatches } from "../../watch/ice-server-watches.js";
import { type CallRecord, callRecordKey } from "../call-record.js";
import { requireCaller, streamTokenKey } from "../interceptors/authenticate.js";
import { rememberLast } from "../remember-last.js";

/**
 * IceService over the lister of ICE servers and the watches of its lists: the wire's names in, the
 * wire's names out.
 */
export function createIceService(
  listIceServers: ListIceServers,
  watches: Pick<IceServerWatches, "open">,
): ServiceImpl<typeof IceService> {
  const toLastResponse = rememberLast(toResponse);
  return {
    getIceServers(request, { values }) {
      const list = listIceServers(requireCaller(values), request);
      recordExpiry(list, values.get(callRecordKey));
      return toLastResponse(list);
    },
    async *watchIceServers(request, { values, signal }) {
      const token = values.get(streamTokenKey);
      for await (const list of watches.open(requireCaller(values), { token, request, signal })) {
        recordExpiry(list, values.get(callRecordKey));
        yield { response: toLastResponse(list) };
      }
    },
  };
}

function recordExpiry({ credentialLife }: IceServerList, record: CallRecord): void {
  if (credentialLife !== undefined) {
    record.credentialExpiresAtSeconds = credentialLife.expiresAtSeconds;
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
