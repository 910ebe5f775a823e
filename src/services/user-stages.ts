import { hash } from "node:crypto";
import { isMessage } from "@bufbuild/protobuf";
import { type CallerHolder, findHolder } from "../authentication/users-right.js";
import { requireCaller } from "../call/authentication.js";
import type { Call } from "../call/call.js";
import type { SharedStages, Stage } from "../call/pipeline.js";
import { createQuotaStage } from "../call/quota-stage.js";
import {
  GetIceServersRequestSchema,
  WatchIceServersRequestSchema,
} from "../gen/ice/v1/ice_service_pb.js";
import type { Quota } from "../limits/quota.js";
import { findHolderKey } from "../turn/holder.js";
import type { IceServerLister } from "../turn/ice-server-lister.js";

export type UserStages = Pick<SharedStages, "checkRights" | "validate" | "limitUser">;

/** Longer ones are kept as their digest, so that a table of them has a bounded size. */
const maxPartitionChars = 128;

/** The stages between a request of IceService that was decoded, and its implementation. */
export function createUserStages(
  lister: Pick<IceServerLister, "check">,
  quota: Quota | undefined,
): UserStages {
  const checkRights: Stage = (call) => {
    findCallHolder(call);
    return undefined;
  };
  const validate: Stage = (call) => {
    const request = findRequest(call);
    if (request !== undefined) {
      lister.check(request);
    }
    return undefined;
  };
  if (quota === undefined) {
    // Without the limit, the implementation validates soon enough, if it is invoked: HEAD of a watch
    // opens none.
    return {
      checkRights,
      validate: (call) => (call.head.method === "HEAD" ? validate(call) : undefined),
    };
  }
  return { checkRights, validate, limitUser: createQuotaStage(quota, findPartition) };
}

function findRequest({ request }: Call) {
  return isMessage(request, GetIceServersRequestSchema) ||
    isMessage(request, WatchIceServersRequestSchema)
    ? request
    : undefined;
}

/** @throws UsersRightMissingError, InvalidFieldError */
function findCallHolder(call: Call): CallerHolder {
  const caller = requireCaller(call.values);
  const request = findRequest(call);
  return request === undefined ? caller : findHolder(caller, request);
}

function findPartition(call: Call): string {
  const key = findHolderKey(findCallHolder(call));
  return key.length <= maxPartitionChars ? key : `sha256:${hash("sha256", key)}`;
}
