import { DurationCounts } from "./duration-counts.js";
import { describeCounter, describeGauge, type Metric } from "./metric.js";
import { type RequestProtocol, requestProtocols } from "./request-log.js";

/** What a request has to tell. All three come from small sets that the configuration bounds. */
export interface CountedRequest {
  readonly protocol: RequestProtocol;
  /** The RPC or the route, never a path as sent. Undefined for an unknown path. */
  readonly target?: string | undefined;
  /** In lower snake case. Undefined where no RPC ran. */
  readonly code?: string | undefined;
}

/** Found once for each combination of labels, and raised in place. */
interface Count {
  value: number;
}

interface ProtocolCounts {
  readonly durations: DurationCounts;
  /** By RPC or route, then by code. */
  readonly ended: Map<string, Map<string, Count>>;
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
  end(
    { protocol, target = "unknown", code }: CountedRequest,
    status: number | undefined,
    durationMs: number | undefined,
  ): void {
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
    const count = byCode.get(key);
    if (count === undefined) {
      byCode.set(key, { value: 1 });
    } else {
      count.value += 1;
    }
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
        "Requests that have ended, streams included, by protocol, RPC or route, and code.",
        byProtocol.flatMap(([protocol, { ended }]) =>
          [...ended].flatMap(([method, byCode]) =>
            [...byCode].map(([code, { value }]) => ({ labels: { protocol, method, code }, value })),
          ),
        ),
      ),
      {
        name: durationName,
        help: "Time from a request's headers to its answer; streams are left out.",
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
