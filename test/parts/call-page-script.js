// Runs in the browser. The tests call what it puts on `window`.
import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { GetIceServersResponseSchema, IceService } from "../../src/gen/ice/v1/ice_service_pb.js";

const callTimeoutMs = 15_000;
const transports = {
  connect: (baseUrl) => createConnectTransport({ baseUrl }),
  "connect GET": (baseUrl) => createConnectTransport({ baseUrl, useHttpGet: true }),
  "grpc-web": (baseUrl) => createGrpcWebTransport({ baseUrl }),
};

/** The body of the REST route, parsed. */
async function fetchRest(serviceUrl, token) {
  const response = await fetch(`${serviceUrl}/api/v1/ice-servers`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return response.json();
}

/** The same with Connect-Web: the response in JSON form, or the error's code and challenge. */
async function fetchConnect(protocol, serviceUrl, token) {
  const client = createClient(IceService, transports[protocol](serviceUrl));
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await client.getIceServers({ ttlSeconds: 120 }, { headers });
    return { response: toJson(GetIceServersResponseSchema, response) };
  } catch (error) {
    return {
      error: {
        code: error.code,
        message: error.rawMessage,
        challenge: error.metadata.get("WWW-Authenticate"),
      },
    };
  }
}

/** Watches with Connect-Web, and collects the lists in `watched[name]`. */
function watchConnect(name, protocol, serviceUrl, token) {
  const controller = new AbortController();
  const watch = { lists: [], leave: () => controller.abort() };
  watched[name] = watch;
  const read = async () => {
    const client = createClient(IceService, transports[protocol](serviceUrl));
    const headers = { Authorization: `Bearer ${token}` };
    try {
      for await (const { response } of client.watchIceServers(
        {},
        { headers, signal: controller.signal },
      )) {
        watch.lists.push(toJson(GetIceServersResponseSchema, response));
      }
    } catch (error) {
      watch.error = { code: error.code, message: error.rawMessage };
    }
  };
  read();
}

/** The same with EventSource, which cannot send headers. */
function watchEvents(name, serviceUrl, token) {
  const events = new EventSource(`${serviceUrl}/api/v1/ice-servers:watch?token=${token}`);
  const watch = { lists: [], leave: () => events.close() };
  watched[name] = watch;
  events.onmessage = ({ data }) => watch.lists.push(JSON.parse(data));
  // An event of ours has data; EventSource's own, when it has lost its connection, has none.
  events.onerror = ({ data }) => {
    watch.error = data === undefined ? watch.error : JSON.parse(data);
    watch.readyState = events.readyState;
  };
}

const watched = {};
const readWatch = (name) => {
  const { lists, error, readyState } = watched[name];
  return { lists, error, readyState };
};
const leaveWatch = (name) => watched[name].leave();

/**
 * Connects two peers over relays only, and sends a message there and back. Returns the echo and the
 * candidate pair that each peer chose.
 */
async function callThroughRelay(iceServers) {
  const caller = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
  const callee = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
  const candidateErrors = [];
  exchangeCandidates(caller, callee, candidateErrors);
  exchangeCandidates(callee, caller, candidateErrors);
  callee.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => channel.send(`echo of ${data}`);
  };
  const channel = caller.createDataChannel("test");
  try {
    const echo = new Promise((resolve, reject) => {
      channel.onopen = () => channel.send("hello");
      channel.onmessage = ({ data }) => resolve(data);
      setTimeout(
        () => reject(new Error(`no echo; candidate errors: ${candidateErrors.join("; ")}`)),
        callTimeoutMs,
      );
    });
    await caller.setLocalDescription();
    await callee.setRemoteDescription(caller.localDescription);
    await callee.setLocalDescription();
    await caller.setRemoteDescription(callee.localDescription);
    return { echo: await echo, pairs: [await selectedPair(caller), await selectedPair(callee)] };
  } finally {
    caller.close();
    callee.close();
  }
}

function exchangeCandidates(from, to, candidateErrors) {
  from.onicecandidate = ({ candidate }) => {
    if (candidate !== null) {
      to.addIceCandidate(candidate).catch((error) => candidateErrors.push(String(error)));
    }
  };
  from.onicecandidateerror = ({ url, errorCode, errorText }) => {
    candidateErrors.push(`${url} ${errorCode} ${errorText}`);
  };
}

/** https://www.w3.org/TR/webrtc-stats/: transport, its candidate pair, the pair's candidates. */
async function selectedPair(connection) {
  const stats = await connection.getStats();
  const transport = [...stats.values()].find(({ type }) => type === "transport");
  const pair = stats.get(transport.selectedCandidatePairId);
  const local = stats.get(pair.localCandidateId);
  const remote = stats.get(pair.remoteCandidateId);
  return {
    local: local.candidateType,
    remote: remote.candidateType,
    relayProtocol: local.relayProtocol,
  };
}

/** The name of what RTCPeerConnection throws for these servers, or "accepted". */
function tryIceServers(iceServers) {
  try {
    new RTCPeerConnection({ iceServers }).close();
    return "accepted";
  } catch (error) {
    return error.name;
  }
}

Object.assign(window, {
  ...{ fetchRest, fetchConnect, callThroughRelay, tryIceServers },
  ...{ watchConnect, watchEvents, readWatch, leaveWatch },
});
