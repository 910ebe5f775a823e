import { DurationCounts } from "./duration-counts.js";
import { type Fault, findFault, type RequestOutcome } from "./fault.js";
import { describeCounter, describeGauge, type Metric } from "./metric.js";
import { type RequestProtocol, requestProtocols } from "./request-log.js";

/** What is counted about a request. All of it comes from small sets that the configuration bounds. */
export interface CountedRequest extends RequestOutcome {
  readonly protocol: RequestProtocol;
  /** The RPC or the route, never a path as sent. Undefined for an unknown path. */
  readonly target?: string | undefined;
}

/** Found once for each combination of the other labels, and raised in place. */
type CountByFault = Record<Fault, number>;

interface ProtocolCounts {
  readonly durations: DurationCounts;
  /** By RPC or route, then by code. */
  readonly ended: Map<string, Map<string, CountByFault>>;
}

/** Counts the requests of this process: in some 50 ns for each, as this is done for every one. */
export class RequestCounts {
  readonly #byProtocol = new Map<RequestProtocol, ProtocolCounts>();
  #openStreams = 0;

  constructor() {
    for (const protocol of requestProtocols) {
      this.#byProtocol.set(protocol, { durations: new DurationCounts(), ended: new Map() });
    }
  }

  /**
   * @param status what was sent, if anything; it stands for a code where there is none
   * @param durationMs undefined for a stream, which lasts as long as its client wishes
   */
  end(request: CountedRequest, status: number | undefined, durationMs: number | undefined): void {
    const { protocol, target = "unknown", code } = request;
    const counts = this.#byProtocol.get(protocol);
    if (counts === undefined) {
      return;
    }
    let byCode = counts.ended.get(target);
    if (byCode === undefined) {
      byCode = new Map();
      counts.ended.set(target, byCode);
    }
    const key = code ?? (status !== undefined && status < 400 ? "ok" : "unavailable");
    let byFault = byCode.get(key);
    if (byFault === undefined) {
      byFault = { none: 0, client: 0, server: 0 };
      byCode.set(key, byFault);
    }
    byFault[findFault(request)] += 1;
    if (durationMs !== undefined) {
      counts.durations.add(durationMs);
    }
  }

  openStream(): void {
    this.#openStreams += 1;
  }

  closeStream(): void {
    this.#openStreams -= 1;
  }

  describe(): Metric[] {
    const byProtocol = [...this.#byProtocol];
    const durationName = "ice_request_duration_seconds";
    return [
      describeCounter(
        "ice_requests_total",
        "Completed requests and streams by protocol, RPC or route, code, and fault.",
        byProtocol.flatMap(([protocol, { ended }]) =>
          [...ended].flatMap(([method, byCode]) =>
            [...byCode].flatMap(([code, byFault]) =>
              Object.entries(byFault)
                .filter(([, value]) => value > 0)
                .map(([fault, value]) => ({ labels: { protocol, method, code, fault }, value })),
            ),
          ),
        ),
      ),
      {
        name: durationName,
        help: "Time from a request's headers to its response; streams are not included.",
        type: "histogram",
        aggregator: "sum",
        values: byProtocol.flatMap(([protocol, { durations }]) =>
          durations.describe(durationName, { protocol }),
        ),
      },
      describeGauge("ice_open_streams", "Streaming RPCs that are open.", [
        { labels: {}, value: this.#openStreams },
      ]),
    ];
  }
}
