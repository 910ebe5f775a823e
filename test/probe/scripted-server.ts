import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { attributeType, encodeText } from "../../src/probe/attributes.js";
import { appendFingerprint } from "../../src/probe/fingerprint.js";
import { appendIntegrity } from "../../src/probe/integrity.js";
import {
  decodeMessage,
  encodeMessage,
  type StunAttribute,
  type StunClass,
  type StunMessage,
  stunClass,
} from "../../src/probe/stun-message.js";

export interface ScriptedServer {
  readonly port: number;
  stop(): void;
}

export interface ScriptedUdpServer extends ScriptedServer {
  /** Sends a datagram that answers nothing. */
  send(bytes: Uint8Array, port: number): void;
}

/**
 * A UDP server that answers as no real one would.
 * @param script what to send back, each as a datagram; `count` is 1 for the first request, `port` the
 *   client's
 */
export async function startUdpScript(
  script: (request: StunMessage, count: number, port: number) => readonly Uint8Array[],
): Promise<ScriptedUdpServer> {
  const socket = createSocket("udp4");
  let count = 0;
  socket.on("message", (bytes, { port, address }) => {
    count += 1;
    for (const answer of script(decodeMessage(bytes), count, port)) {
      socket.send(answer, port, address);
    }
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: socket.address().port,
    send: (bytes, port) => socket.send(bytes, port, "127.0.0.1"),
    stop: () => socket.close(),
  };
}

/** A TCP server that answers as no real one would. */
export async function startTcpScript(
  script: (chunk: Buffer, socket: Socket) => void,
): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => script(chunk, socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
    },
  };
}

/** An answer to a request, with FINGERPRINT, and signed where there is a key. */
export function answer(
  { method, transactionId }: Pick<StunMessage, "method" | "transactionId">,
  messageClass: StunClass,
  attributes: readonly StunAttribute[],
  key?: Buffer,
): Buffer {
  const bytes = encodeMessage(method, messageClass, transactionId, attributes);
  return appendFingerprint(key === undefined ? bytes : appendIntegrity(bytes, key));
}

/** An error answer, with realm and nonce. */
export function refuse(request: StunMessage, code: number, nonce = "nonce"): Buffer {
  const value = Buffer.of(0, 0, Math.floor(code / 100), code % 100, ...Buffer.from("No"));
  return answer(request, stunClass.error, [
    { type: attributeType.errorCode, value },
    encodeText(attributeType.realm, "turn.test"),
    encodeText(attributeType.nonce, nonce),
  ]);
}

/** 127.0.0.1:3478 as the value of an XOR- address. */
export const xoredAddress = Buffer.from("00012c845e12a443", "hex");
