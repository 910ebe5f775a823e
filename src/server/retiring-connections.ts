import type { Socket } from "node:net";
import { endNothing, type Guard } from "../http/guard.js";
import type { Http2Farewell } from "./http2-farewell.js";
import type { Lingering } from "./lingering.js";

const checkIntervalMs = 50;

const retiringHttp1 = new WeakSet<Socket>();

/** Whether the next response of an HTTP/1.1 connection is to be its last. */
export function isRetiring(socket: Socket): boolean {
  return retiringHttp1.has(socket);
}

/**
 * Ends connections while the port goes on, and loses no call. HTTP/2 clients are told in two steps, as
 * when the port closes. HTTP/1.1 connections end with their next response; idle ones end as all idle
 * connections do, as closing them earlier could meet a request.
 */
export class RetiringConnections {
  readonly #guard: Guard;
  readonly #lingering: Lingering;
  readonly #farewells = new Set<Http2Farewell>();
  #checks: NodeJS.Timeout | undefined;

  constructor(guard: Guard, lingering: Lingering) {
    this.#guard = guard;
    this.#lingering = lingering;
  }

  retireHttp1(socket: Socket): void {
    retiringHttp1.add(socket);
    this.#lingering.lingerAtEnd(socket);
  }

  retireHttp2(farewell: Http2Farewell): void {
    this.#farewells.add(farewell);
    const check = this.#guard.wrap(() => this.#check(), endNothing);
    this.#checks ??= setInterval(check, checkIntervalMs).unref();
  }

  #check(): void {
    const nowMs = performance.now();
    for (const farewell of this.#farewells) {
      farewell.check(nowMs, true);
      if (farewell.isOver) {
        this.#farewells.delete(farewell);
      }
    }
    if (this.#farewells.size === 0) {
      clearInterval(this.#checks);
      this.#checks = undefined;
    }
  }
}
