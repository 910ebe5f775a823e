import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type GetIceServersResponse,
  GetIceServersResponseSchema,
} from "../../src/gen/ice/v1/ice_service_pb.js";
import { createCredentialSource } from "./fresh-credential.js";
import type { BaselineSettings } from "./settings.js";

/** The answer as a protobuf message, with a credential of its own. */
export function createMessageSource(settings: BaselineSettings): () => GetIceServersResponse {
  const issueCredential = createCredentialSource(settings);
  const { ttlSeconds } = settings;
  const stunUrls = [...settings.stunUrls];
  const turnUrls = [...settings.turnUrls];
  return () => {
    const { username, credential, expiresAtSeconds } = issueCredential();
    const answer: MessageInitShape<typeof GetIceServersResponseSchema> = {
      iceServers: [{ urls: stunUrls }, { urls: turnUrls, username, credential }],
      expireTime: timestampFromMs(expiresAtSeconds * 1000),
      ttlSeconds,
    };
    return create(GetIceServersResponseSchema, answer);
  };
}
