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

type Messages = AsyncIterable<MessageInitShape<DescMessage>>;

/**
 * Sends the messages of a stream as they come, and its end. The headers leave with the first message,
 * as the implementation may set some until then. One message waits at a time: the next one is asked
 * for when the client has taken what there is.
 *
 * Rejects with what the implementation throws, with the reason of an abort at once, and with a
 * StalledClientError.
 */
export function pumpMessages(call: Call<StreamCodec>, messages: Messages): Promise<void> {
  return new Promise((resolve, reject) => {
    new MessagePump(call, messages[Symbol.asyncIterator](), resolve, reject).start();
  });
}

/** Answers HEAD: with the headers that the stream would begin with. */
export function sendStreamHead(call: Call<StreamCodec>): void {
  begin(call);
  call.record.code = "ok";
  call.reply.finish(undefined);
}

/**
 * Calls back rather than being an async function: those would make four promises for each message, and
 * keep some of them for as long as a watch waits.
 */
class MessagePump {
  readonly #call: Call<StreamCodec>;
  readonly #messages: AsyncIterator<MessageInitShape<DescMessage>>;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  #hasBegun = false;
  #isOver = false;
  #stopWaiting: (() => void) | undefined;
  #keepAliveTimer: NodeJS.Timeout | undefined;

  constructor(
    call: Call<StreamCodec>,
    messages: AsyncIterator<MessageInitShape<DescMessage>>,
    resolve: () => void,
    reject: (reason: unknown) => void,
  ) {
    this.#call = call;
    this.#messages = messages;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    const { codec, exchange } = this.#call;
    const { keepAlive } = codec;
    if (keepAlive !== undefined) {
      // Before the first message too: a proxy does not know what is waited for.
      this.#keepAliveTimer = setInterval(
        exchange.guard(() => this.#keepAlive(keepAlive)),
        keepAliveMs,
      );
    }
    this.#call.onAbort(this.#fail);
    this.#askForNext();
  }

  #askForNext(): void {
    const end = this.#call.findEnd();
    if (end === undefined) {
      this.#messages.next().then(this.#take, this.#fail);
    } else {
      this.#fail(end);
    }
  }

  readonly #take = (next: IteratorResult<MessageInitShape<DescMessage>>): void => {
    if (this.#isOver) {
      return;
    }
    try {
      if (next.done === true) {
        this.#finish();
      } else {
        this.#send(create(this.#call.method.output, next.value));
      }
    } catch (error) {
      this.#fail(error);
    }
  };

  #send(message: Message): void {
    const encoded = this.#call.codec.encode(message);
    if (encoded instanceof Promise) {
      encoded.then((chunk) => this.#writeLate(chunk), this.#fail);
    } else {
      this.#write(encoded);
    }
  }

  #writeLate(chunk: Uint8Array): void {
    if (this.#isOver) {
      return;
    }
    try {
      this.#write(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  #write(chunk: Uint8Array | string): void {
    const { record, exchange } = this.#call;
    this.#begin();
    record.messagesSent = (record.messagesSent ?? 0) + 1;
    this.#keepAliveTimer?.refresh();
    if (exchange.write(chunk)) {
      this.#askForNext();
    } else {
      this.#waitForRoom();
    }
  }

  #waitForRoom(): void {
    const { exchange } = this.#call;
    const { output } = exchange;
    const onStalled = exchange.guard(() => this.#fail(new StalledClientError()));
    const timer = setTimeout(onStalled, httpLimits.requestTimeoutMs);
    const onDrain = exchange.guard(() => {
      this.#stopWaiting?.();
      this.#askForNext();
    });
    output.once("drain", onDrain);
    this.#stopWaiting = () => {
      this.#stopWaiting = undefined;
      clearTimeout(timer);
      output.off("drain", onDrain);
    };
  }

  #finish(): void {
    this.#begin();
    this.#call.record.code = "ok";
    this.#call.endStream?.(undefined);
    this.#stop();
    this.#resolve();
  }

  readonly #fail = (reason: unknown): void => {
    if (!this.#isOver) {
      this.#stop();
      // Not waited for: a generator returns only when what it waits for has come.
      this.#messages.return?.().catch(this.#call.exchange.guard(endNothing));
      this.#reject(reason);
    }
  };

  #stop(): void {
    this.#isOver = true;
    this.#stopWaiting?.();
    clearTimeout(this.#keepAliveTimer);
  }

  #begin(): void {
    if (this.#hasBegun) {
      return;
    }
    this.#hasBegun = true;
    begin(this.#call);
    this.#call.endStream = (error) => endStream(this.#call, error);
  }

  #keepAlive(text: string): void {
    const { output } = this.#call.exchange;
    this.#begin();
    if (output.writableLength === 0) {
      output.write(text);
    }
  }
}

function begin(call: Call<StreamCodec>): void {
  const { codec, reply } = call;
  reply.begin({ ...codec.begin(call), ...unbuffered }, codec.hasTrailers);
}

function endStream(call: Call<StreamCodec>, error: ConnectError | undefined): void {
  const { chunk, trailers } = call.codec.end(call, error);
  if (chunk !== undefined) {
    call.exchange.output.write(chunk);
  }
  call.reply.finish(trailers);
}
