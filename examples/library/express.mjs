// Mounts IceService in an Express application, beside its own routes. Run `npm run build` first.
// Configure it with ICE_* variables, or with ICE_CONFIG. In your program, import from "ice-service".
import { expressConnectMiddleware } from "@connectrpc/connect-express";
import express from "express";
import { createIceService } from "ice-service";

const ice = createIceService({ env: process.env });
const app = express();
app.get("/hello", (_, response) => response.send("hello"));
app.use(expressConnectMiddleware({ routes: ice.routes }));
const server = app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
server.on("close", () => ice.close());
