// Runs in the browser: npm's grpc-web. Its text mode, the default, needs XMLHttpRequest.
import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { GrpcWebClientBase, MethodDescriptor, MethodType } from "grpc-web";
import {
  GetIceServersRequestSchema,
  GetIceServersResponseSchema,
  WatchIceServersRequestSchema,
  WatchIceServersResponseSchema,
} from "../../src/gen/ice/v1/ice_service_pb.js";

/** As protoc-gen-grpc-web generates them, for messages of protobuf-es. */
const describeMethod = (name, type, request, response) =>
  new MethodDescriptor(
    `/ice.v1.IceService/${name}`,
    type,
    Object,
    Object,
    (message) => toBinary(request, create(request, message)),
    (bytes) => fromBinary(response, bytes),
  );
const getIceServers = describeMethod(
  "GetIceServers",
  MethodType.UNARY,
  GetIceServersRequestSchema,
  GetIceServersResponseSchema,
);
const watchIceServers = describeMethod(
  "WatchIceServers",
  MethodType.SERVER_STREAMING,
  WatchIceServersRequestSchema,
  WatchIceServersResponseSchema,
);

/** The default format where none is named. */
const open = (format) => new GrpcWebClientBase(format === undefined ? {} : { format });
const describeError = ({ code, message, metadata }) => ({
  code,
  message,
  challenge: metadata?.["www-authenticate"],
});

/** The response in JSON form with the status, or the error. */
function callGrpcWeb(url, { format, metadata, request = {} }) {
  return new Promise((resolve) => {
    const outcome = {};
    const call = open(format).rpcCall(
      `${url}${getIceServers.getName()}`,
      request,
      metadata,
      getIceServers,
      (error, response) => {
        if (error) {
          resolve({ error: describeError(error) });
        } else {
          outcome.response = toJson(GetIceServersResponseSchema, response);
        }
      },
    );
    call.on("status", ({ code, details }) => {
      if (code === 0) {
        outcome.status = { code, details };
      }
    });
    call.on("end", () => resolve(outcome));
  });
}

const watches = {};

/** Keeps what comes until leaveGrpcWeb. */
function watchGrpcWeb(name, url, { metadata, request = {} }) {
  const watch = { lists: [] };
  const stream = open().serverStreaming(
    `${url}${watchIceServers.getName()}`,
    request,
    metadata,
    watchIceServers,
  );
  watch.leave = () => stream.cancel();
  stream.on("data", ({ response }) => {
    watch.lists.push(toJson(GetIceServersResponseSchema, response));
  });
  stream.on("error", (error) => {
    watch.error = describeError(error);
  });
  stream.on("end", () => {
    watch.hasEnded = true;
  });
  watches[name] = watch;
}

const readGrpcWeb = (name) => {
  const { leave, ...rest } = watches[name];
  return rest;
};
const leaveGrpcWeb = (name) => watches[name]?.leave();

Object.assign(window, { callGrpcWeb, watchGrpcWeb, readGrpcWeb, leaveGrpcWeb });
