import type { Config } from "../service-config.js";

/** What `--dev` made for this run only. Both are shown to the person who started it, and logged nowhere. */
export interface DevSecrets {
  readonly token: string;
  readonly turnSecret: string;
}

/**
 * The lines that a newcomer pastes: one for each kind of caller, and the TURN server that accepts
 * the credentials.
 *
 * @param turn whether the configuration brings its own secret, which is then not shown; and whether
 *   a coturn runs already
 */
export function printDevBanner(
  config: Config,
  url: string,
  { token, turnSecret }: DevSecrets,
  turn: { readonly ownTurnSecret: boolean; readonly coturnRuns: boolean },
): string {
  const { host, protocol } = new URL(url);
  const route = `${url}/api/v1/ice-servers`;
  const plaintext = protocol === "https:" ? "" : " -plaintext";
  const turnUrl = config.ice.servers.regions[0].turn?.urls[0];
  const sections: [title: string, line: string][] = [
    ...(config.diagnostics
      ? [
          ["In a browser, to see whether the servers work", `${url}/#token=${token}`] as [
            string,
            string,
          ],
        ]
      : []),
    ["curl", `curl -H 'Authorization: Bearer ${token}' ${route}`],
    ["The examples and the client libraries", `export ICE_URL=${url} TOKEN=${token}`],
    [
      "gRPC, with grpcurl",
      `grpcurl${plaintext} -H 'Authorization: Bearer ${token}' ${host} ice.v1.IceService/GetIceServers`,
    ],
    [
      `Browser console${config.diagnostics ? ", on that page" : ""}`,
      `const { iceServers } = await (await fetch("${route}", { headers: { Authorization: "Bearer ${token}" } })).json(); const connection = new RTCPeerConnection({ iceServers });`,
    ],
  ];
  if (turnUrl !== undefined && turn.coturnRuns) {
    sections.push(["coturn, with the same secret", `runs at ${turnUrl.text}`]);
  } else if (turnUrl !== undefined && !turn.ownTurnSecret) {
    sections.push([
      "To start coturn with the same secret",
      `turnserver --listening-ip=127.0.0.1 --relay-ip=127.0.0.1 --listening-port=${turnUrl.port} --use-auth-secret --static-auth-secret=${turnSecret} --realm=localhost --fingerprint --allow-loopback-peers --no-tls --no-dtls --no-cli --log-file=stdout --simple-log`,
    ]);
  }
  return [
    `ice-service listens on ${url} for development. The token and the secret are valid until it stops.`,
    ...sections.map(([title, line]) => `${title}:\n  ${line}`),
    "",
  ].join("\n\n");
}
