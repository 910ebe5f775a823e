// Mounts IceService in a Connect server on node:http2, beside other services. Run `npm run build` first.
// Configure it with ICE_* variables, or with ICE_CONFIG. In your program, import from "ice-service".
import { createServer } from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createIceService } from "ice-service";

const ice = createIceService({ env: process.env });
const server = createServer(
  connectNodeAdapter({
    routes(router) {
      ice.routes(router);
      // Add your own services here: router.service(YourService, { … })
    },
  }),
);
server.on("close", () => ice.close());
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
