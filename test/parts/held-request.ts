import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "vitest";
import type { IceService } from "./ice-service.js";

/** A call of GetIceServers whose body is still to come. */
export interface HeldRequest {
  /** Sends the body. */
  finish(): void;
  /** All that the service has sent, once it has closed the connection. */
  readonly answer: Promise<string>;
}

/** Opens such a call on a connection of its own, and waits until the service asks for the body. */
export async function holdRequest({ port }: IceService, token: string): Promise<HeldRequest> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
  });
  const answer = once(socket, "close").then(() => received);
  const head = [
    "POST /ice.v1.IceService/GetIceServers HTTP/1.1",
    "Host: x",
    "Connection: close",
    "Content-Type: application/json",
    `Authorization: Bearer ${token}`,
    "Content-Length: 2",
    "Expect: 100-continue",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await expect.poll(() => received).toMatch(/^HTTP\/1\.1 100/);
  return { finish: () => void socket.write("{}"), answer };
}
