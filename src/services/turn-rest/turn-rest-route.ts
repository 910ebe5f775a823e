import { create } from "@bufbuild/protobuf";
import { createMethodImplSpec, type ServiceImpl } from "@connectrpc/connect";
import { requireCaller } from "../../call/authentication.js";
import { nameTarget } from "../../call/call-record.js";
import type { SharedStages, Stage } from "../../call/pipeline.js";
import { InvalidFieldError } from "../../errors.js";
import { GetIceServersRequestSchema, IceService } from "../../gen/ice/v1/ice_service_pb.js";
import { createUnaryFormat } from "../../protocols/method-routes.js";
import type { Route } from "../../protocols/route.js";
import { openTurnRestCodec, type TurnRestCodec } from "./turn-rest-codec.js";
import { turnRestDescription } from "./turn-rest-request.js";

/**
 * `/turn`: GetIceServers for software that speaks draft-uberti-behave-turn-rest-00, such as Janus. Its
 * calls go through the stages of IceService.
 *
 * @param stages those of IceService
 */
export function createTurnRestRoute(
  { getIceServers }: Pick<ServiceImpl<typeof IceService>, "getIceServers">,
  stages: SharedStages,
): Route {
  const method = IceService.method.getIceServers;
  const spec = createMethodImplSpec(method, getIceServers);
  const own = { ...stages, checkRights: createUsernameRights(stages.checkRights) };
  const format = createUnaryFormat(spec, own, "rest", openTurnRestCodec);
  return {
    path: turnRestDescription.path,
    target: nameTarget(method),
    allowedMethods: ["GET", "HEAD", "POST"],
    choose: () => format,
  };
}

/**
 * Most software sends a username without being asked, often a random one: it names a user only where
 * the caller has the right, and is ignored otherwise.
 */
function createUsernameRights(checkRights: Stage | undefined): Stage<TurnRestCodec> {
  return (call) => {
    if (requireCaller(call.values).usersRight !== "granted") {
      return undefined;
    }
    const user = call.codec.readUsername();
    call.request = create(GetIceServersRequestSchema, { user });
    try {
      return checkRights?.(call);
    } catch (error) {
      throw error instanceof InvalidFieldError
        ? new InvalidFieldError("username", error.problem)
        : error;
    }
  };
}
