import type { PeerConnection } from "../../../clients/typescript/src/index.js";

export interface LinkedConnection extends PeerConnection<object> {
  signalingState: string;
  iceConnectionState: string;
  readonly sctp: { readonly transport: { state: string } };
  /** The configuration that the candidates in use were gathered with, as JSON. */
  readonly configurationInUse: string;
  /** How many ICE generations there have been. */
  readonly generations: number;
  /** How many restarts it has offered. */
  readonly offers: number;
}

/**
 * Two connected sides. An offer and its answer take `signalMs` together.
 *
 * @param origins what the descriptions of the caller and the callee begin with
 */
export function linkConnections(
  callerServers: readonly object[],
  calleeServers: readonly object[],
  {
    isRelayed,
    signalMs,
    origins: [callerOrigin, calleeOrigin] = ["", ""],
  }: {
    readonly isRelayed: boolean;
    readonly signalMs: number;
    readonly origins?: readonly [string, string];
  },
): readonly [LinkedConnection, LinkedConnection] {
  const caller = createConnection(callerServers, isRelayed, callerOrigin, () =>
    negotiate(caller, callee, signalMs),
  );
  const callee = createConnection(calleeServers, isRelayed, calleeOrigin, () =>
    negotiate(callee, caller, signalMs),
  );
  caller.remoteDescription = { sdp: calleeOrigin };
  callee.remoteDescription = { sdp: callerOrigin };
  caller.gather("offer");
  callee.gather("answer");
  return [caller, callee];
}

type Side = ReturnType<typeof createConnection>;

function negotiate(offerer: Side, answerer: Side, signalMs: number) {
  if (offerer.signalingState !== "stable" || answerer.signalingState !== "stable") {
    return;
  }
  offerer.signalingState = "have-local-offer";
  offerer.offers += 1;
  offerer.gather("offer");
  setTimeout(() => {
    answerer.gather("answer");
    offerer.signalingState = "stable";
  }, signalMs);
}

function createConnection(
  iceServers: readonly object[],
  isRelayed: boolean,
  origin: string,
  restartIce: () => void,
) {
  let configuration: object = { iceServers, iceTransportPolicy: "relay" };
  const side = {
    signalingState: "stable",
    iceConnectionState: "connected",
    sctp: { transport: { state: "connected" } },
    localDescription: null as { type: string; sdp: string } | null,
    remoteDescription: null as { sdp: string } | null,
    configurationInUse: "",
    generations: 0,
    offers: 0,
    getConfiguration: () => configuration,
    setConfiguration(next: object) {
      configuration = next;
    },
    getStats: async () => [
      { id: "pair", type: "candidate-pair", selected: true, state: "succeeded", ...ends },
      { id: "local", type: "local-candidate", candidateType: isRelayed ? "relay" : "host" },
    ],
    restartIce,
    /** Uses what is configured from now on. */
    gather(type: string) {
      side.generations += 1;
      side.localDescription = { type, sdp: `${origin}\na=ice-ufrag:${side.generations}` };
      side.configurationInUse = JSON.stringify(configuration);
    },
  };
  return side;
}

const ends = { localCandidateId: "local", remoteCandidateId: "remote" };
