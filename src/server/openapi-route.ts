import openApi from "../../openapi.json" with { type: "json" };
import type { RouteDescription } from "../http/route-description.js";
import type { FixedRoute } from "./fixed-routes.js";

const path = "/openapi.json";

export const openApiDescription: RouteDescription = {
  path,
  operationId: "GetOpenApi",
  description: "This document. Switched off together with gRPC server reflection.",
  responses: {
    200: {
      description: "An OpenAPI 3.1 document.",
      schema: { type: "object", required: ["openapi", "info", "paths"] },
    },
  },
};

/** The route that describes all routes of REST. The document is generated: see generate/openapi.ts. */
export const openApiRoutes: ReadonlyMap<string, FixedRoute> = new Map([
  [path, createRoute(JSON.stringify(openApi))],
]);

function createRoute(body: string): FixedRoute {
  const answer = { status: 200, headers: { "content-type": "application/json" }, body };
  return () => answer;
}
