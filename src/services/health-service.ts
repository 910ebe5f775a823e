import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  type Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../gen/grpc/health/v1/health_pb.js";
import { IceService } from "../gen/ice/v1/ice_service_pb.js";
import type { Readiness, ServingState } from "../readiness.js";

const knownServices = ["", IceService.typeName];

/** grpc.health.v1.Health (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). */
export function createHealthService(readiness: Readiness): ServiceImpl<typeof Health> {
  return {
    check({ service }) {
      if (!knownServices.includes(service)) {
        throw new ConnectError(
          `unknown service, known are: "", ${IceService.typeName}`,
          Code.NotFound,
        );
      }
      return { status: toStatus(readiness.state) };
    },
    async *watch({ service }, { signal }) {
      // An unknown service is no error here: the protocol asks for a stream that stays open.
      const known = knownServices.includes(service);
      for await (const state of readiness.watch(signal)) {
        yield { status: known ? toStatus(state) : Status.SERVICE_UNKNOWN };
      }
    },
    list() {
      const status = toStatus(readiness.state);
      return { statuses: Object.fromEntries(knownServices.map((name) => [name, { status }])) };
    },
  };
}

function toStatus(state: ServingState): Status {
  return state === "serving" ? Status.SERVING : Status.NOT_SERVING;
}
