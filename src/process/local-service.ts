import packageJson from "../../package.json" with { type: "json" };
import type { CallTracer } from "../call/call-tracer.js";
import { systemClock } from "../clock.js";
import { type RunningService, type Surroundings, startService } from "../compose.js";
import type { Files } from "../files/files.js";
import { HandedFiles } from "../files/handed-files.js";
import type { Logger } from "../observability/logger.js";
import { createOutgoingHttp } from "../outgoing/outgoing-http.js";
import type { Config } from "../service-config.js";
import { readTraceEnvironment } from "../tracing/trace-environment.js";
import type { Findings } from "./findings.js";
import type { Serving, ServingStart } from "./serving.js";

/**
 * Serves with this process alone.
 * @throws ConfigError when the configuration or the address cannot be used
 */
export async function serveLocally({
  order: { dev },
  config,
  files,
  parts,
  supervision: { findings },
}: ServingStart): Promise<Serving> {
  const service = await startLocalService(config, files, {
    ...parts,
    findings,
    ...(dev && { connectorTokens: [dev.connectorToken] }),
  });
  return {
    ready: service.ready.then(() => service.url),
    configure: (next, contents) => service.reload(next, new HandedFiles(contents)),
    async stop() {
      await service.stop();
      return true;
    },
    kill() {},
  };
}

/**
 * Starts the service in this process, the only one that serves or one of the workers.
 * @param files where the files that the configuration names are read from
 * @throws ConfigError when one of them, or the address, cannot be used
 */
export async function startLocalService(
  config: Config,
  files: Files,
  { findings, ...surroundings }: LocalSurroundings,
): Promise<RunningService> {
  const tracer = await openCallTracer(config, surroundings.log);
  const outgoing = createOutgoingHttp(process.env);
  const { downUrls, managedStates } = findings;
  return startService(config, files, {
    ...surroundings,
    ...{ clock: systemClock, downUrls, managedStates, outgoing, tracer },
  });
}

type LocalSurroundings = Omit<
  Surroundings,
  "clock" | "downUrls" | "managedStates" | "outgoing" | "tracer"
> & { readonly findings: Findings };

/** Traces calls where the OTEL_* variables ask for it; else nothing of OpenTelemetry is loaded. */
async function openCallTracer({ listen }: Config, log: Logger): Promise<CallTracer | undefined> {
  const settings = readTraceEnvironment(process.env);
  if (settings === undefined) {
    return undefined;
  }
  const { openTracing } = await import("../tracing/tracing.js");
  return openTracing({
    settings,
    clock: systemClock,
    log,
    serviceVersion: packageJson.version,
    scheme: listen.tls === undefined ? "http" : "https",
  });
}
