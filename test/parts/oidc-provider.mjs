// An OpenID provider (npm's oidc-provider) on loopback, as a program of its own: its keys are those that
// it was started with. Takes its settings as JSON: { port, keys, introspectionSecret, clientSecret }.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { port, keys, clientSecret, introspectionSecret } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
/** What clients may ask tokens for, by the form of these tokens. */
const resources = {
  "https://ice.test/jwt": "jwt",
  "https://ice.test/opaque": "opaque",
};

const provider = new Provider(issuer, {
  jwks: { keys },
  clients: [
    {
      client_id: "app",
      client_secret: clientSecret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
    {
      client_id: "ice:service/1",
      client_secret: introspectionSecret,
      grant_types: [],
      redirect_uris: [],
      response_types: [],
    },
  ],
  clientDefaults: { id_token_signed_response_alg: keys[0].alg },
  scopes: ["ice:read", "ice:users"],
  ttl: { ClientCredentials: () => 600 },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({
        scope: "ice:read ice:users",
        audience: "ice",
        accessTokenFormat: resources[resource],
        jwt: { sign: { alg: keys[0].alg } },
      }),
    },
  },
});
createServer(provider.callback()).listen(port, "127.0.0.1");
