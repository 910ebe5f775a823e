import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  createFileRegistry,
  createRegistry,
  type DescService,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { printSample } from "../../generate/config-sample.js";
import { printRestartKeys, printVariables, replaceGenerated } from "../../generate/key-tables.js";
import { printOpenApi } from "../../generate/openapi.js";
import { printTemplatePath } from "../../generate/openapi-paths.js";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { readGetBindings } from "../../src/protocols/rest/http-binding.js";
import { parsePathTemplate } from "../../src/protocols/rest/path-template.js";
import { Readiness } from "../../src/readiness.js";
import { createProbeRoutes, probeDescriptions } from "../../src/server/fixed-routes.js";
import { openApiDescription, openApiRoutes } from "../../src/server/openapi-route.js";
import { configSection, describeConfig, loadConfig } from "../../src/service-config.js";
import { turnRestDescription } from "../../src/services/turn-rest/turn-rest-request.js";
import { MemoryFiles } from "../parts/memory-files.js";
import { HouseService, RoomService } from "../schemas/gen/shelf_pb.js";

const pathOf = (file: string) => resolve(import.meta.dirname, "../..", file);
const readRoot = (file: string) => readFileSync(pathOf(file), "utf8");

/** As `npm run generate` has had buf write it, with comments. */
const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(pathOf("generate/schema.binpb"))),
);

const printIceOpenApi = () =>
  printOpenApi({
    registry,
    serviceName: IceService.typeName,
    routes: [turnRestDescription, ...probeDescriptions, openApiDescription],
  });

/** `npm run generate` writes these files; without it, they are compared. */
describe("what is generated from declarations", () => {
  it.each<[file: string, print: (before: string) => string]>([
    ["openapi.json", printIceOpenApi],
    ["config-sample.yaml", () => printSample(configSection)],
    ["README.md", (before) => replaceGenerated(before, "variables", printVariables(configSection))],
    [
      "docs/production.md",
      (before) => replaceGenerated(before, "restart-keys", printRestartKeys(configSection)),
    ],
  ])("is in %s", async (file, print) => {
    await expect(print(readRoot(file))).toMatchFileSnapshot(pathOf(file));
  });
});

describe("what the Helm chart has a copy of", () => {
  it.each(["prometheus-alerts.yaml", "grafana-dashboard.json"])("is deploy/%s", async (file) => {
    const copy = pathOf(`deploy/helm/ice-service/files/${file}`);
    await expect(readRoot(`deploy/${file}`)).toMatchFileSnapshot(copy);
  });
});

describe("config-sample.yaml", () => {
  const load = (content: string) => {
    const secrets = {
      "turn.secret": "t".repeat(32),
      "jwt.secret": "j".repeat(32),
      "introspection.secret": "i".repeat(32),
      "pseudonym.key": "p".repeat(32),
    };
    const pems = { "server.pem": "", "server-key.pem": "", "client-ca.pem": "" };
    const files = new MemoryFiles({ ...secrets, ...pems, "ice.yaml": content });
    return loadConfig({ file: "/etc/ice.yaml", env: {}, files });
  };

  it("is a valid configuration, and loads again as config check prints it", () => {
    const { config } = load(readRoot("config-sample.yaml"));
    const described = describeConfig(config);
    expect(describeConfig(load(stringify(described)).config)).toEqual(described);
  });
});

describe("openapi.json", () => {
  const document = JSON.parse(printIceOpenApi());

  it("is a valid OpenAPI 3.1 document", async () => {
    const validator = new Validator();
    expect(await validator.validate(document)).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
    // Rejects what is not.
    const { info: _, ...damaged } = document;
    expect((await validator.validate(damaged)).valid).toBe(false);
  });

  it("has every route of REST, and no other", () => {
    const readiness = new Readiness();
    const paths = [...createProbeRoutes(readiness).keys(), ...openApiRoutes.keys()];
    const methods = IceService.methods.flatMap(readGetBindings);
    const fixed = [...paths, turnRestDescription.path];
    const others = Object.keys(document.paths).filter((path) => !fixed.includes(path));
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(fixed));
    const called = others.map((path) => path.replace(/\{[^}]*\}/g, "x"));
    const served = methods.map(({ template }) =>
      called.findIndex((path) => template.match(path) !== undefined),
    );
    expect(new Set(served)).toEqual(new Set(others.keys()));
  });

  const describePaths = (service: DescService) => {
    const registry = createRegistry(service);
    return JSON.parse(printOpenApi({ registry, serviceName: service.typeName, routes: [] })).paths;
  };

  it("has the variables of a path in the path", () => {
    const paths = describePaths(RoomService);
    expect(paths["/v1/rooms/{room_id}"].get.parameters).toMatchObject([
      { name: "room_id", in: "path", required: true },
      { name: "color", in: "query", required: false },
    ]);
  });

  it("has the segments of a variable around its parameter", () => {
    const paths = describePaths(HouseService);
    expect(paths["/v1/rooms/{room_id}"].get.parameters).toMatchObject([
      { name: "room_id", in: "path", description: "The field holds `rooms/{room_id}`." },
      { name: "color", in: "query" },
    ]);
    expect(paths["/v1/colors/{color}/shade/attic:room"].get.parameters).toMatchObject([
      { name: "color", in: "path", description: "The field holds `colors/{color}/shade`." },
    ]);
  });

  it.each(["/v1/{room_id=floors/*/rooms/*}", "/v1/{room_id=stairs/**}", "/v1/*/cellar"])(
    "cannot describe the path %s",
    (text) => {
      const template = parsePathTemplate(text, Error);
      expect(() => printTemplatePath(RoomService.method.getRoom, template)).toThrow(
        `test.v1.RoomService.GetRoom: OpenAPI cannot describe the path "${text}"; it must have no **, and * only once in each variable`,
      );
    },
  );
});
