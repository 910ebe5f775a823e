import { z } from "zod";
import { startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface Janus {
  /**
   * Has Janus answer a call to its echo test.
   * @returns the candidates of its answer, such as `candidate:2 1 udp 337658111 127.0.0.1 28010 typ relay …`
   */
  gatherCandidates(): Promise<string[]>;
  /** Of its API over HTTP. */
  readonly url: string;
  output(): string;
  stop(): Promise<void>;
}

const libraries = "/usr/lib/x86_64-linux-gnu/janus";
const unusedPlugins = [
  ...["audiobridge", "duktape", "lua", "nosip", "recordplay", "sip", "streaming"],
  ...["textroom", "videocall", "videoroom", "voicemail"],
];
const unusedTransports = ["mqtt", "nanomsg", "pfunix", "rabbitmq", "websockets"];
const disable = (names: readonly string[]) => names.map((name) => `libjanus_${name}.so`).join(",");

/** A call with audio, as a browser offers it. Nobody is at its other end. */
const offer = [
  ...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"],
  ...["m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendrecv"],
  ...["a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "a=ice-ufrag:abcd"],
  ...["a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=setup:actpass"],
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => "AB").join(":")}`,
  "",
].join("\r\n");

const idSchema = z.object({ data: z.object({ id: z.number() }) });
const eventSchema = z.object({ jsep: z.object({ sdp: z.string() }).optional() });

/**
 * Starts Debian's Janus with its echo test, and HTTP on a loopback port.
 * @param nat settings of its section `nat`, such as `turn_rest_api`
 */
export async function startJanus(nat: Readonly<Record<string, string | number>>): Promise<Janus> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}/janus`;
  const directory = await createTemporaryDirectory("janus");
  const settings = Object.entries(nat).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  await directory.write(
    "janus.jcfg",
    `
general: {
  configs_folder = "${directory.path}"
  plugins_folder = "${libraries}/plugins"
  transports_folder = "${libraries}/transports"
  events_folder = "/nonexistent"
  loggers_folder = "/nonexistent"
  debug_level = 4
}
media: { ipv6 = false }
nat: { ${settings.join("\n")} }
plugins: { disable = "${disable(unusedPlugins)}" }
transports: { disable = "${disable(unusedTransports)}" }
`,
  );
  await directory.write(
    "janus.transport.http.jcfg",
    `general: { base_path = "/janus" http = true port = ${port} ip = "127.0.0.1" https = false }
admin: { admin_http = false }`,
  );
  const child = startProcess({
    name: "janus",
    command: "janus",
    args: ["-C", `${directory.path}/janus.jcfg`, "-F", directory.path],
    cwd: directory.path,
  });
  async function stop() {
    await child.stop();
    await directory.remove();
  }
  try {
    // It accepts connections, and closes them unanswered, before it is ready.
    await child.untilReady(async () => ((await fetch(`${url}/info`)).ok ? true : undefined));
  } catch (error) {
    await stop();
    throw error;
  }
  async function send(path: string, message: object): Promise<unknown> {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      body: JSON.stringify({ transaction: "test", ...message }),
    });
    return response.json();
  }
  return {
    async gatherCandidates() {
      const session = idSchema.parse(await send("", { janus: "create" })).data.id;
      const attach = { janus: "attach", plugin: "janus.plugin.echotest" };
      const handle = idSchema.parse(await send(`/${session}`, attach)).data.id;
      const jsep = { type: "offer", sdp: offer };
      await send(`/${session}/${handle}`, { janus: "message", body: { audio: true }, jsep });
      for (;;) {
        // Ends after 30 s at most, with or without an event.
        const response = await fetch(`${url}/${session}?maxev=1`);
        const event = eventSchema.parse(await response.json());
        if (event.jsep !== undefined) {
          const lines = event.jsep.sdp.split("\r\n");
          return lines.flatMap((line) => /^a=(candidate:.*)/.exec(line)?.[1] ?? []);
        }
      }
    },
    url,
    output: () => child.stdout() + child.stderr(),
    stop,
  };
}
