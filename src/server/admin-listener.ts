import { ConfigError } from "../errors.js";
import type { Files } from "../files/files.js";
import { type Guard, rethrow } from "../http/guard.js";
import { findHeaderProblem } from "../http/header-problem.js";
import type { ExchangeListener, HttpExchange } from "../http/http-exchange.js";
import { httpLimits } from "../http/http-limits.js";
import {
  type HttpProblem,
  internalError,
  methodNotAllowed,
  printProblem,
} from "../http/http-problem.js";
import { createOptionsAnswer } from "../http/options-answer.js";
import { chooseProblemType } from "../http/problem-type.js";
import { splitRequestTarget } from "../http/request-target.js";
import type { Logger } from "../observability/logger.js";
import type { AdminConfig } from "./admin-config.js";
import { type AdminSources, createAdminRoutes } from "./admin-routes.js";
import type { ConnectionGate } from "./connection-gate.js";
import { type FixedAnswer, fixedRouteMethods } from "./fixed-routes.js";
import { createMalformedRequestListener } from "./malformed-request.js";
import { openPort, type PortListener } from "./port-listener.js";

/** A few scrapers and people. */
const maxConnections = 32;

const notFound: HttpProblem = {
  status: 404,
  code: "not_found",
  message: "unknown path; GET / lists the paths",
};

export interface AdminOptions extends AdminSources {
  readonly files: Files;
  readonly log: Logger;
  readonly guard: Guard;
  readonly gate: ConnectionGate;
}

/**
 * Opens the listener for operators. Requests are not logged, and other origins get no CORS headers.
 *
 * @returns undefined where it is switched off, and where the address is taken that nobody has
 *   configured; then with a warning
 * @throws ConfigError when the configured address cannot be bound
 */
export async function openAdmin(
  config: AdminConfig | false,
  { files, log, guard, gate, ...sources }: AdminOptions,
): Promise<PortListener | undefined> {
  if (config === false) {
    return undefined;
  }
  const { host, port, isDefault } = config;
  try {
    return await openPort(
      { host, port, maxConnections },
      {
        files,
        limits: httpLimits,
        guard,
        listener: createAdminListener(sources),
        malformedRequestListener: createMalformedRequestListener(log),
        gate,
      },
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    const [{ problem, isAddressFailure }] = error.problems;
    const fix =
      "Choose another address or port in admin, or with ICE_ADMIN_HOST and ICE_ADMIN_PORT, or write `admin: false`";
    if (!isDefault) {
      throw new ConfigError([{ key: "admin", problem, fix, isAddressFailure }]);
    }
    log.warn({ problem, fix }, "no metrics are served: the default address is in use");
    return undefined;
  }
}

function createAdminListener(sources: AdminSources): ExchangeListener {
  const routes = createAdminRoutes(sources);

  async function answer(exchange: HttpExchange): Promise<void> {
    if (sources.readiness.state === "draining") {
      exchange.closeAfterwards();
    }
    const { path } = splitRequestTarget(exchange.target);
    const route = routes.get(path);
    const headerProblem = findHeaderProblem(exchange, httpLimits.maxHeaderBytes);
    if (headerProblem !== undefined) {
      refuse(exchange, headerProblem);
    } else if (exchange.method === "OPTIONS" && (route !== undefined || path === "*")) {
      send(exchange, createOptionsAnswer(fixedRouteMethods));
    } else if (route === undefined) {
      refuse(exchange, notFound);
    } else if (!fixedRouteMethods.includes(exchange.method)) {
      refuse(exchange, methodNotAllowed(fixedRouteMethods));
    } else {
      send(exchange, await route());
    }
  }

  return (exchange) => {
    exchange.answerer = {
      fail() {
        try {
          refuse(exchange, internalError);
        } catch {
          exchange.destroy(true);
        }
        return false;
      },
    };
    answer(exchange).catch(exchange.guard(rethrow));
  };
}

function refuse(exchange: HttpExchange, problem: HttpProblem): void {
  const { status, allowedMethods } = problem;
  const headers = {
    "content-type": chooseProblemType(exchange.headers),
    ...(allowedMethods && { allow: allowedMethods.join(", ") }),
  };
  send(exchange, { status, headers, body: printProblem(problem) });
}

function send(exchange: HttpExchange, { status, headers, body }: FixedAnswer): void {
  if (exchange.isGone()) {
    exchange.destroy();
    return;
  }
  exchange.send({
    status,
    headers: {
      ...headers,
      ...(status !== 204 && { "content-length": String(Buffer.byteLength(body)) }),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
    body,
  });
}
