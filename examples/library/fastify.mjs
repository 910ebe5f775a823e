// Mounts IceService in a Fastify application, beside its own routes. Run `npm run build` first.
// Configure it with ICE_* variables, or with ICE_CONFIG. In your program, import from "ice-service".
import { fastifyConnectPlugin } from "@connectrpc/connect-fastify";
import { fastify } from "fastify";
import { createIceService } from "ice-service";

const ice = createIceService({ env: process.env });
const app = fastify();
app.get("/hello", async () => "hello");
await app.register(fastifyConnectPlugin, { routes: ice.routes });
app.addHook("onClose", async () => ice.close());
const url = await app.listen({ port: Number(process.env.PORT ?? 8080), host: "127.0.0.1" });
process.stdout.write(`listening on ${url}\n`);
