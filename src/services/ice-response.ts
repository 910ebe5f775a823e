import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { rememberEach, rememberLast } from "../call/remember-last.js";
import {
  type GetIceServersResponse,
  GetIceServersResponseSchema,
  type IceServer as IceServerMessage,
  IceServerSchema,
} from "../gen/ice/v1/ice_service_pb.js";
import type { IceServer, IceServerList } from "../ice/ice-server-list.js";

/**
 * Makes the function that puts a list into the wire's message. What two lists share, their messages
 * share too, so that no codec encodes it again: STUN entries, URLs, and the expiry.
 */
export function createResponseMaker(): (list: IceServerList) => GetIceServersResponse {
  const copyUrls = rememberEach((urls: IceServer["urls"]) => [...urls]);
  const toTimestamp = rememberLast((seconds: number) => timestampFromMs(seconds * 1000));
  const toMessage = ({ urls, username = "", credential = "" }: IceServer): IceServerMessage => ({
    $typeName: IceServerSchema.typeName,
    urls: copyUrls(urls),
    username,
    credential,
  });
  const toSharedMessage = rememberEach(toMessage);

  return ({ iceServers, region, credentialLife }) => ({
    $typeName: GetIceServersResponseSchema.typeName,
    // Servers with credentials are not the same for long.
    iceServers: iceServers.map((server) =>
      server.credential === undefined ? toSharedMessage(server) : toMessage(server),
    ),
    expireTime: credentialLife && toTimestamp(credentialLife.expiresAtSeconds),
    ttlSeconds: credentialLife?.ttlSeconds ?? 0,
    region,
  });
}
