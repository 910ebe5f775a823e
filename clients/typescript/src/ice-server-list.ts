/** The fields of an RTCIceServer that the service sends. An RTCPeerConnection takes it as it is. */
export interface IceServer {
  urls: string[];
  /** Absent for STUN servers. */
  username?: string;
  credential?: string;
}

/** The answer of the service (`GET /api/v1/ice-servers`). */
export interface IceServerList {
  iceServers: IceServer[];
  /** When the first credential expires, RFC 3339. Absent without TURN servers. */
  expireTime?: string;
  /** What was left of the credentials' life when the service answered. Absent without TURN servers. */
  ttlSeconds?: number;
  /** Absent when the service has no regions. */
  region?: string;
}

/** @throws TypeError when the value is not a list */
export function toIceServerList(value: unknown): IceServerList {
  if (!isIceServerList(value)) {
    throw new TypeError("the response is not a list of ICE servers");
  }
  return value;
}

function isIceServerList(value: unknown): value is IceServerList {
  return (
    isObject(value) &&
    Array.isArray(value["iceServers"]) &&
    value["iceServers"].every((server) => isObject(server) && Array.isArray(server["urls"])) &&
    (value["ttlSeconds"] === undefined || typeof value["ttlSeconds"] === "number")
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
