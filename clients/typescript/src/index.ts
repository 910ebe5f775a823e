export { toLinkHeaders, toTurnUri } from "./formats.js";
export type { FreshConnection, FreshConnectionOptions } from "./fresh-connection.js";
export { keepConnectionFresh } from "./fresh-connection.js";
export type { IceServer, IceServerList } from "./ice-server-list.js";
export type { GetOptions, IceServerSource } from "./ice-server-source.js";
export { createIceServerSource } from "./ice-server-source.js";
export type { PeerConnection } from "./peer-connection.js";
export { IceServiceError } from "./service-error.js";
export type { ServiceOptions as IceServerSourceOptions } from "./service-requests.js";
