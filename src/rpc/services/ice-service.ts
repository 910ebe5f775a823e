import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { IceService } from "../../gen/ice/v1/ice_service_pb.js";
import type { createIceServerLister } from "../../ice/ice-server-list.js";
import { callRecordKey } from "../call-record.js";
import { requireCaller } from "../interceptors/authenticate.js";

/** IceService over the credential service: the wire's names in, the wire's names out. */
export function createIceService(
  listIceServers: ReturnType<typeof createIceServerLister>,
): ServiceImpl<typeof IceService> {
  return {
    getIceServers(request, { values }) {
      const { iceServers, region, credentialLife } = listIceServers(requireCaller(values), request);
      if (credentialLife === undefined) {
        return { iceServers: iceServers.map(toMessage), region };
      }
      const { expiresAtSeconds, ttlSeconds } = credentialLife;
      values.get(callRecordKey).credentialExpiresAtSeconds = expiresAtSeconds;
      return {
        iceServers: iceServers.map(toMessage),
        region,
        expireTime: timestampFromMs(expiresAtSeconds * 1000),
        ttlSeconds,
      };
    },
  };
}

function toMessage({ urls, username = "", credential = "" }: IceServerEntry) {
  return { urls: [...urls], username, credential };
}

type IceServerEntry = ReturnType<ReturnType<typeof createIceServerLister>>["iceServers"][number];
