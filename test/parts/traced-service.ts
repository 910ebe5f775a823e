import { expect } from "vitest";
import { type IceService, type LogLine, startIceService } from "./ice-service.js";
import { type OtlpReceiver, startOtlpReceiver } from "./otlp-receiver.js";
import { connectorTokens } from "./tokens.js";

export const token = "traces-test-token-1";
export const authorization = `Bearer ${token}`;
/** Stands in the log only. */
export const callerName = "traces-test-caller";
export const turnSecret = "traces-test-turn-secret";
export const route = "/api/v1/ice-servers";

export const settings = {
  files: {
    "tokens.yaml": connectorTokens({ [callerName]: token }),
    "turn.secret": turnSecret,
  },
  config: {
    auth: { connectorTokensFile: "tokens.yaml" },
    ice: {
      turn: {
        urls: ["turn:turn.example.com"],
        secretFiles: ["turn.secret"],
        identity: "subject",
      },
    },
    shutdown: { delay: "0s", timeout: "3s" },
  },
};

/** Spans leave at once, more or less. */
export const soon = { OTEL_BSP_SCHEDULE_DELAY: "100" };

export const traceId = "0af7651916cd43dd8448eb211c80319c";
export const parentId = "b7ad6b7169203331";
/** A `traceparent` of a caller that samples. */
export const sampled = `00-${traceId}-${parentId}-01`;

/** The line of the log about the request that came last. */
export function lastRequest(service: IceService): LogLine | undefined {
  return service.logs().findLast(({ msg }) => msg === "request");
}

/** Another process is waited for, on a machine that may be busy. */
export function eventually<T>(probe: () => T) {
  return expect.poll(probe);
}

/** Runs with a service that exports to a receiver, both gone afterwards. */
export async function withReceiver(
  env: Record<string, string>,
  run: (service: IceService, receiver: OtlpReceiver) => Promise<void>,
  { args = [], config = {} }: { readonly args?: readonly string[]; readonly config?: object } = {},
): Promise<void> {
  const receiver = await startOtlpReceiver();
  try {
    const service = await startIceService({
      ...settings,
      args,
      config: { ...settings.config, ...config },
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...soon, ...env },
    });
    try {
      await run(service, receiver);
    } finally {
      await service.stop();
    }
  } finally {
    await receiver.stop();
  }
}
