import {
  create,
  createRegistry,
  type DescFile,
  type DescService,
  fromBinary,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.js";
import {
  type ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../gen/grpc/reflection/v1/reflection_pb.js";
import {
  ServerReflectionRequestSchema as RequestV1AlphaSchema,
  ServerReflectionResponseSchema as ResponseV1AlphaSchema,
  type ServerReflection as ServerReflectionV1Alpha,
} from "../gen/grpc/reflection/v1alpha/reflection_pb.js";

/** On one stream: a tool requests each file and each symbol once. */
const maxRequests = 1000;
/** In characters. Answers repeat the requested names and wait in memory until they are sent. */
const maxNameLength = 512;

/**
 * gRPC server reflection for the given services, all files that theirs import, and the details of
 * errors, which clients must decode although no service imports them. It serves v1 and v1alpha, which
 * many tools still use. Their messages are identical on the wire.
 */
export function createReflectionServices(services: readonly DescService[]): {
  v1: ServiceImpl<typeof ServerReflection>;
  v1alpha: ServiceImpl<typeof ServerReflectionV1Alpha>;
} {
  const answer = createAnswer(services);
  return {
    v1: {
      async *serverReflectionInfo(requests) {
        for await (const request of boundRequests(requests, maxRequests)) {
          yield answer(request);
        }
      },
    },
    v1alpha: {
      async *serverReflectionInfo(requests) {
        for await (const request of boundRequests(requests, maxRequests)) {
          const response = answer(
            fromBinary(ServerReflectionRequestSchema, toBinary(RequestV1AlphaSchema, request)),
          );
          yield fromBinary(
            ResponseV1AlphaSchema,
            toBinary(ServerReflectionResponseSchema, response),
          );
        }
      },
    },
  };
}

/**
 * Passes the request messages of a stream on, until it has had its share.
 * @throws ConnectError ResourceExhausted at one request too many
 */
export async function* boundRequests<T>(
  requests: AsyncIterable<T>,
  maxRequests: number,
): AsyncGenerator<T, void, undefined> {
  let count = 0;
  for await (const request of requests) {
    count += 1;
    if (count > maxRequests) {
      throw new ConnectError(
        `the stream has more than ${maxRequests} requests`,
        Code.ResourceExhausted,
      );
    }
    yield request;
  }
}

function createAnswer(
  services: readonly DescService[],
): (request: ServerReflectionRequest) => ServerReflectionResponse {
  const files = new Map<string, DescFile>();
  for (const file of [...services.map((service) => service.file), file_google_rpc_error_details]) {
    collectFiles(file, files);
  }
  // Encoded once, because anyone may request them at any rate.
  const encoded = new Map(
    [...files].map(([name, { proto }]) => [name, toBinary(FileDescriptorProtoSchema, proto)]),
  );
  const registry = createRegistry(...files.values());
  return (request) => {
    rejectLongNames(request);
    return create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: answerRequest(request, { services, files, encoded, registry }),
    });
  };
}

/** @throws ConnectError InvalidArgument */
function rejectLongNames({ host, messageRequest: { value = "" } }: ServerReflectionRequest): void {
  const name = typeof value === "string" ? value : value.containingType;
  if (host.length > maxNameLength || name.length > maxNameLength) {
    throw new ConnectError(
      `a name is longer than ${maxNameLength} characters`,
      Code.InvalidArgument,
    );
  }
}

/** What reflection lists. */
interface Described {
  readonly services: readonly DescService[];
  /** By name without `.proto`, as for `encoded`. */
  readonly files: ReadonlyMap<string, DescFile>;
  readonly encoded: ReadonlyMap<string, Uint8Array>;
  readonly registry: Registry;
}

function answerRequest({ messageRequest: asked }: ServerReflectionRequest, described: Described) {
  const { services, files, encoded, registry } = described;
  switch (asked.case) {
    case "listServices":
      return {
        case: "listServicesResponse" as const,
        value: { service: services.map(({ typeName }) => ({ name: typeName })) },
      };
    case "fileByFilename":
      return answerFile(files.get(asked.value.replace(/\.proto$/, "")), asked.value, encoded);
    case "fileContainingSymbol":
      return answerFile(findFileOfSymbol(registry, asked.value), asked.value, encoded);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = asked.value;
      const extendee = registry.getMessage(containingType);
      const extension = extendee && registry.getExtensionFor(extendee, extensionNumber);
      const name = `extension ${extensionNumber} of ${containingType}`;
      return answerFile(extension?.file, name, encoded);
    }
    case "allExtensionNumbersOfType": {
      const baseTypeName = asked.value;
      const extensionNumber = [...registry]
        .filter((type) => type.kind === "extension")
        .filter((extension) => extension.extendee.typeName === baseTypeName)
        .map((extension) => extension.number);
      return registry.getMessage(baseTypeName) === undefined
        ? refuse(Code.NotFound, `unknown: ${baseTypeName}`)
        : {
            case: "allExtensionNumbersResponse" as const,
            value: { baseTypeName, extensionNumber },
          };
    }
    case undefined:
      return refuse(Code.InvalidArgument, "the request asks for nothing");
  }
}

function answerFile(
  file: DescFile | undefined,
  asked: string,
  encoded: ReadonlyMap<string, Uint8Array>,
) {
  if (file === undefined) {
    return refuse(Code.NotFound, `unknown: ${asked}`);
  }
  const withImports = new Map<string, DescFile>();
  collectFiles(file, withImports);
  return {
    case: "fileDescriptorResponse" as const,
    value: {
      fileDescriptorProto: [...withImports.keys()].flatMap((name) => encoded.get(name) ?? []),
    },
  };
}

function refuse(errorCode: Code, errorMessage: string) {
  return { case: "errorResponse" as const, value: { errorCode, errorMessage } };
}

/** Methods, fields, and enum values are in the file of the type that contains them. */
function findFileOfSymbol(registry: Registry, symbol: string): DescFile | undefined {
  return (registry.get(symbol) ?? registry.get(symbol.replace(/\.[^.]*$/, "")))?.file;
}

function collectFiles(file: DescFile, files: Map<string, DescFile>): void {
  if (!files.has(file.name)) {
    files.set(file.name, file);
    for (const dependency of file.dependencies) {
      collectFiles(dependency, files);
    }
  }
}
