import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { endNothing } from "../http/guard.js";
import { httpLimits } from "../http/http-limits.js";
import type { Call } from "./call.js";
import { StalledClientError } from "./call-end.js";
import type { StreamCodec } from "./codec.js";

/** Proxies commonly give up on an answer that is quiet for 60 s. */
const keepAliveMs = 20_000;

/** nginx would otherwise keep messages back until it has enough of them. */
const unbuffered = { "x-accel-buffering": "no" };

/**
 * Sends the messages of a stream as they come, and its end. The headers leave with the first message,
 * as the implementation may set some until then. One message waits at a time: the next one is asked
 * for when the client has taken what there is.
 *
 * Rejects with what the implementation throws, with the reason of an abort at once, and with a
 * StalledClientError.
 */
export async function pumpMessages(
  call: Call<StreamCodec>,
  messages: AsyncIterable<MessageInitShape<DescMessage>>,
): Promise<void> {
  const iterator = messages[Symbol.asyncIterator]();
  const pump = new MessagePump(call);
  let isDone = false;
  try {
    while (true) {
      const next = await pump.interruptible(iterator.next());
      if (next.done === true) {
        isDone = true;
        break;
      }
      await pump.send(create(call.method.output, next.value));
    }
    pump.end();
  } finally {
    pump.stop();
    if (!isDone) {
      // Not waited for: a generator returns only when what it waits for has come.
      iterator.return?.().catch(call.exchange.guard(endNothing));
    }
  }
}

class MessagePump {
  readonly #call: Call<StreamCodec>;
  #hasBegun = false;
  #interrupt: ((reason: Error) => void) | undefined;
  #stopWaiting: (() => void) | undefined;
  #keepAliveTimer: NodeJS.Timeout | undefined;

  constructor(call: Call<StreamCodec>) {
    this.#call = call;
    call.onAbort((reason) => this.#interrupt?.(reason));
    const { keepAlive } = call.codec;
    if (keepAlive !== undefined) {
      // Before the first message too: a proxy does not know what is waited for.
      this.#keepAliveTimer = setInterval(
        call.exchange.guard(() => this.#keepAlive(keepAlive)),
        keepAliveMs,
      );
    }
  }

  /** Waits, but no longer than the call lasts. */
  interruptible<T>(wait: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      const reason = this.#call.findEnd();
      if (reason !== undefined) {
        reject(reason);
      }
      wait.then(resolve, reject);
    });
  }

  /** Settles when the client has room for the next one. */
  async send(message: Message): Promise<void> {
    const { codec, record, exchange } = this.#call;
    const encoded = codec.encode(message);
    const chunk = encoded instanceof Promise ? await encoded : encoded;
    this.#begin();
    record.messagesSent = (record.messagesSent ?? 0) + 1;
    this.#keepAliveTimer?.refresh();
    if (!exchange.output.write(chunk)) {
      await this.#drained();
    }
  }

  end(): void {
    this.#begin();
    this.#call.record.code = "ok";
    this.#call.endStream?.(undefined);
  }

  stop(): void {
    this.#stopWaiting?.();
    clearTimeout(this.#keepAliveTimer);
    this.#interrupt = undefined;
  }

  #begin(): void {
    if (this.#hasBegun) {
      return;
    }
    this.#hasBegun = true;
    const { codec, reply } = this.#call;
    reply.begin({ ...codec.begin(this.#call), ...unbuffered }, codec.hasTrailers);
    this.#call.endStream = (error) => endStream(this.#call, error);
  }

  #keepAlive(text: string): void {
    const { output } = this.#call.exchange;
    this.#begin();
    if (output.writableLength === 0) {
      output.write(text);
    }
  }

  #drained(): Promise<void> {
    const { exchange } = this.#call;
    return this.interruptible(
      new Promise((resolve, reject) => {
        const onStalled = exchange.guard(() => {
          exchange.output.off("drain", onDrain);
          reject(new StalledClientError());
        });
        const timer = setTimeout(onStalled, httpLimits.requestTimeoutMs);
        const onDrain = exchange.guard(() => {
          clearTimeout(timer);
          resolve();
        });
        exchange.output.once("drain", onDrain);
        this.#stopWaiting = () => {
          clearTimeout(timer);
          exchange.output.off("drain", onDrain);
        };
      }),
    );
  }
}

function endStream(call: Call<StreamCodec>, error: ConnectError | undefined): void {
  const { chunk, trailers } = call.codec.end(call, error);
  if (chunk !== undefined) {
    call.exchange.output.write(chunk);
  }
  call.reply.finish(trailers);
}
