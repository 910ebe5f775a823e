import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { findHolder } from "../authentication/users-right.js";
import { requireCaller, streamTokenKey } from "../call/authentication.js";
import { type CallRecord, callRecordKey } from "../call/call-record.js";
import { rememberLast } from "../call/remember-last.js";
import { type IceService, WatchIceServersResponseSchema } from "../gen/ice/v1/ice_service_pb.js";
import type { FindRegion } from "../geolocation/region-finder.js";
import { placeRequest } from "../geolocation/request-placement.js";
import type { IceServerList } from "../ice/ice-server-list.js";
import type { CredentialCounts } from "../observability/credential-counts.js";
import type { IceServerLister } from "../turn/ice-server-lister.js";
import type { IceServerWatches } from "../watch/ice-server-watches.js";
import { createResponseMaker } from "./ice-response.js";

export interface IceServiceOptions {
  readonly lister: Pick<IceServerLister, "list">;
  readonly watches: Pick<IceServerWatches, "open">;
  readonly credentialCounts: CredentialCounts;
  /** Of callers who name none; undefined where all of them get the default one. */
  readonly findRegion?: FindRegion | undefined;
}

/**
 * IceService over the lister of ICE servers and the watches of its lists: the wire's names in, the
 * wire's names out.
 */
export function createIceService({
  lister,
  watches,
  credentialCounts,
  findRegion,
}: IceServiceOptions): ServiceImpl<typeof IceService> {
  const toLastResponse = rememberLast(createResponseMaker());
  const toLastMessage = rememberLast((list: IceServerList) =>
    create(WatchIceServersResponseSchema, { response: toLastResponse(list) }),
  );
  const answer = (list: IceServerList, record: CallRecord) => {
    recordList(list, record);
    credentialCounts.count(list);
    return toLastResponse(list);
  };
  return {
    getIceServers(request, { values, requestHeader }) {
      const record = values.get(callRecordKey);
      const holder = findHolder(requireCaller(values), request);
      const placed = placeRequest(request, findRegion, requestHeader, record);
      const list = lister.list(holder, placed);
      return list instanceof Promise
        ? list.then((late) => answer(late, record))
        : answer(list, record);
    },
    watchIceServers(request, context) {
      const { values, requestHeader } = context;
      const record = values.get(callRecordKey);
      const order = {
        token: values.get(streamTokenKey),
        request,
        headers: requestHeader,
        origin: record,
        wait: context,
      };
      let counted: IceServerList["iceServers"] | undefined;
      return watches.open(requireCaller(values), order, (list) => {
        recordList(list, record);
        // A list that is sent again holds no new credential.
        if (list.iceServers !== counted) {
          counted = list.iceServers;
          credentialCounts.count(list);
        }
        return toLastMessage(list);
      });
    },
  };
}

function recordList({ region, credentialLife }: IceServerList, record: CallRecord): void {
  if (credentialLife !== undefined) {
    record.credentialExpiresAtSeconds = credentialLife.expiresAtSeconds;
  }
  if (region !== "") {
    record.region = region;
  }
}
