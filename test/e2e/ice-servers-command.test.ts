import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openCallPage } from "../parts/call-page.js";
import { runProgram } from "../parts/child-process.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { startJanus } from "../parts/janus.js";
import { runPython } from "../parts/python.js";
import { secondsFromNow } from "../parts/real-time.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const secret = "ice-servers-test-secret";
const day = 86_400;

const serversSchema = z.array(
  z.strictObject({
    urls: z.array(z.string()),
    username: z.string().optional(),
    credential: z.string().optional(),
  }),
);
const turnRestSchema = z.strictObject({
  username: z.string(),
  password: z.string(),
  ttl: z.int(),
  uris: z.array(z.string()),
});
const gatheredSchema = z.object({ candidates: z.array(z.string()) });

let directory: TemporaryDirectory;
let coturn: Coturn;
let configFile: string;
beforeAll(async () => {
  directory = await createTemporaryDirectory("ice-servers");
  coturn = await startCoturn({ secrets: [secret], extra: ["verbose"] });
  await directory.write("turn.secret", secret);
  const at = `127.0.0.1:${coturn.port}`;
  configFile = await directory.write(
    "ice.yaml",
    JSON.stringify({
      ice: {
        stunUrls: [`stun:${at}`],
        turn: {
          urls: [`turn:${at}`, `turn:${at}?transport=tcp`],
          secretFiles: ["turn.secret"],
          identity: "subject",
        },
      },
    }),
  );
});
afterAll(async () => {
  await coturn.stop();
  await directory.remove();
});

function run(args: readonly string[], config = configFile) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, "ice-servers", "--config", config, ...args],
    { encoding: "utf8", env: { PATH: process.env["PATH"] } },
  );
  return { status, stdout, stderr };
}

function print(format: string, ...args: string[]): string {
  const { status, stdout, stderr } = run(["--format", format, ...args]);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

const readServers = (...args: string[]) => serversSchema.parse(JSON.parse(print("array", ...args)));
const readTurnRest = (...args: string[]) =>
  turnRestSchema.parse(JSON.parse(print("rest", ...args)));
const relay = /typ relay/;

describe("what ice-service ice-servers prints", () => {
  it("json: makes a call through the relay in Chromium, as RTCPeerConnection's configuration", async () => {
    const callPage = await openCallPage();
    try {
      const { iceServers, ...others } = JSON.parse(print("json"));
      expect(others).toEqual({});
      expect(await callPage.call("callThroughRelay", iceServers)).toMatchObject({
        echo: "echo of hello",
        pairs: [{ local: "relay" }, { local: "relay" }],
      });
    } finally {
      await callPage.stop();
    }
  });

  it("array: gathers a relay candidate in aiortc", async () => {
    const script = fileURLToPath(new URL("../parts/gather_with_aiortc.py", import.meta.url));
    const output = await runPython([script], { input: print("array"), timeoutMs: 60_000 });
    const { candidates } = gatheredSchema.parse(JSON.parse(output));
    expect(candidates.join("\n")).toMatch(relay);
  });

  it("uri: gathers a relay candidate in GStreamer's webrtcbin, by each URI", async () => {
    const script = fileURLToPath(new URL("../parts/gather_with_gstreamer.py", import.meta.url));
    const uris = print("uri").trimEnd().split("\n");
    expect(uris).toHaveLength(2);
    for (const uri of uris) {
      const input = JSON.stringify([uri]);
      const output = await runPython([script], { input, timeoutMs: 60_000 });
      const { candidates } = gatheredSchema.parse(JSON.parse(output));
      expect(candidates.join("\n")).toMatch(relay);
    }
  });

  it("rest: gathers a relay candidate in Janus, as its static settings", async () => {
    const { username, password } = readTurnRest();
    const janus = await startJanus({
      turn_server: "127.0.0.1",
      turn_port: coturn.port,
      // Its UDP sockets are bound to another address, from which none gets to loopback.
      turn_type: "tcp",
      turn_user: username,
      turn_pwd: password,
    });
    try {
      expect((await janus.gatherCandidates()).join("\n")).toMatch(relay);
    } finally {
      await janus.stop();
    }
  });

  it("rest: sends packets through relays with turnutils_uclient", async () => {
    const { username, password } = readTurnRest("--user", "load test");
    const { stdout } = await runProgram("turnutils_uclient", [
      ...["-v", "-y", "-c", "-n", "1", "-m", "1"],
      ...["-u", username, "-w", password, "-p", String(coturn.port), "127.0.0.1"],
    ]);
    expect(stdout).toMatch(/Received relay addr/);
    expect(stdout).toMatch(/tot_send_msgs=2, tot_recv_msgs=2/);
    // It would say so without a relay as well.
    await expect
      .poll(coturn.output)
      .toContain(`new, realm=<${coturn.realm}>, username=<${username}>`);
  });
});

describe("ice-service ice-servers", () => {
  const lifeOf = (username: string) => Number(username.split(":")[0]) - secondsFromNow(0);

  it("prints RTCPeerConnection's object by default, with STUN servers first", () => {
    const { status, stdout } = run([]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      iceServers: [
        { urls: [`stun:127.0.0.1:${coturn.port}`] },
        {
          urls: [expect.any(String), expect.any(String)],
          username: expect.any(String),
          credential: expect.any(String),
        },
      ],
    });
  });

  it("gives a credential the life of the configuration, or a shorter one, below minTtl too", () => {
    const [, byDefault] = readServers();
    expect(lifeOf(byDefault?.username ?? "")).toBeCloseTo(day, -2);
    expect(readTurnRest("--ttl", "30s").ttl).toBe(30);
  });

  it("warns where it lasts longer than the configuration has it", () => {
    const { status, stdout, stderr } = run(["--format", "rest", "--ttl", "365d"]);
    const { ttl, username } = turnRestSchema.parse(JSON.parse(stdout));
    expect([status, ttl]).toEqual([0, 365 * day]);
    expect(lifeOf(username)).toBeCloseTo(365 * day, -2);
    expect(stderr).toMatch(
      /^warning: the credential is valid until 20\S+Z, longer than ice\.turn\.ttl \(24h\)/,
    );
  });

  it("warns of a long life also where managed servers limit the life of the list", async () => {
    const provider = createServer((_, response) => {
      response.setHeader("Content-Type", "application/json");
      const urls = ["turn:managed.example"];
      response.end(JSON.stringify([{ urls, username: "managed", credential: "password" }]));
    });
    await once(provider.listen(0, "127.0.0.1"), "listening");
    try {
      const { port } = z.object({ port: z.int() }).parse(provider.address());
      const managed = await directory.write(
        "managed.yaml",
        JSON.stringify({
          ice: {
            turn: {
              urls: ["turn:own.example"],
              secretFiles: ["turn.secret"],
              managedUse: "always",
              managed: [
                { provider: "http", url: `http://127.0.0.1:${port}`, tokenFile: "turn.secret" },
              ],
            },
          },
        }),
      );
      const { stdout, stderr } = await runProgram(
        process.execPath,
        [program, "ice-servers", "--config", managed, "--format", "uri", "--ttl", "30d"],
        { env: { PATH: process.env["PATH"] } },
      );
      expect(stdout).toMatch(/@own\.example\n.*@managed\.example\n/);
      expect(stderr).toMatch(/^warning: the credential is valid until 20/m);
    } finally {
      provider.close();
    }
  });

  it("warns where a user, or a header, makes no sense with the name that everybody has", async () => {
    const everybody = await directory.write(
      "static.yaml",
      JSON.stringify({
        ice: { turn: { urls: ["turn:a.example"], secretFiles: ["turn.secret"], name: "Zoë" } },
      }),
    );
    const { status, stdout, stderr } = run(["--user", "kiosk", "--format", "link"], everybody);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/username="\d+:Zoë"/)]);
    expect(stderr).toMatch(/^warning: --user does not change the username/m);
    expect(stderr).toMatch(/^warning: the username is not ASCII/m);
  });

  it("names the user", () => {
    expect(readTurnRest("--user", "kiosk 7").username).toMatch(
      /^\d+:[0-9a-f]{8}\.ice-servers\/kiosk%207$/,
    );
    expect(readTurnRest().username).toMatch(/^\d+:[0-9a-f]{8}\.ice-servers$/);
  });

  it.each<[args: string[], problem: RegExp]>([
    [["--ttl", "366d"], /--ttl: "366d" is not a duration from 1s to 365d/],
    [["--ttl", "0s"], /--ttl/],
    [["--ttl", "soon"], /--ttl/],
    [["--region", "eu"], /--region: is unknown: no regions are configured/],
    [["--user", "x".repeat(257)], /--user: must be at most 256 bytes/],
    [["--format", "xml"], /json, array, rest, uri, link/],
  ])("refuses %j", (args, problem) => {
    const { status, stdout, stderr } = run(args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(problem);
  });

  it("says so where a format needs TURN and there is none", async () => {
    const stunOnly = await directory.write(
      "stun.yaml",
      '{ ice: { stunUrls: ["stun:a.example"] } }',
    );
    for (const format of ["rest", "uri"]) {
      const { status, stdout, stderr } = run(["--format", format], stunOnly);
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("no TURN server");
    }
    const link = run(["--format", "link"], stunOnly);
    expect(link.stdout).toBe('<stun:a.example>; rel="ice-server"\n');
    const nothing = await directory.write("nothing.yaml", "{ ice: { stunUrls: [] } }");
    const none = run(["--format", "link"], nothing);
    expect([none.status, none.stdout]).toEqual([0, ""]);
  });

  it("prints the servers of a region", async () => {
    const regions = await directory.write(
      "regions.yaml",
      JSON.stringify({
        ice: {
          turn: {
            regions: { eu: { urls: ["turn:eu.example"] }, us: { urls: ["turn:us.example"] } },
            defaultRegion: "eu",
            secretFiles: ["turn.secret"],
          },
        },
      }),
    );
    expect(run(["--format", "uri"], regions).stdout).toContain("@eu.example");
    expect(run(["--format", "uri", "--region", "us"], regions).stdout).toContain("@us.example");
    expect(run(["--region", "jp"], regions).stderr).toMatch(/the regions are eu, us/);
  });
});
