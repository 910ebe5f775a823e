import { createSecretKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TurnCredential } from "../../src/turn/provider.js";
import {
  createPseudonymizer,
  nameBySubject,
} from "../../src/turn/providers/shared-secret/holder-name.js";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { holdRelay } from "../parts/held-relay.js";
import { startIceService } from "../parts/ice-service.js";
import { secondsFromNow } from "../parts/real-time.js";
import { createSubjectTokens, type SubjectTokens } from "../parts/subject-tokens.js";
import { allocateRelay } from "../parts/turn-allocation.js";

const transports = ["udp", "tcp", "tls"] as const;
const currentSecret = "north-north-north-north";
const previousSecret = "south-south-south-south";
const secretKey = (secret: string) => createSecretKey(secret, "utf8");

let certificate: TestCertificate;
let coturn: Coturn;

beforeAll(async () => {
  certificate = await createCertificate();
  coturn = await startCoturn({ secrets: [currentSecret, previousSecret], tls: certificate });
});
afterAll(async () => {
  await coturn.stop();
  await certificate.stop();
});

const allocate = (credential: TurnCredential, transport: (typeof transports)[number] = "udp") =>
  allocateRelay({
    ...credential,
    transport,
    port: transport === "tls" ? coturn.tlsPort : coturn.port,
    caFile: certificate.caFile,
    realm: coturn.realm,
  });
const issue = (
  name = "webrtc-gateway",
  expiresAtSeconds = secondsFromNow(3600),
  secret = currentSecret,
) => createCredentialIssuer(secretKey(secret))(name, expiresAtSeconds);

const relay = {
  allocated: true,
  relayedTransportAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  lifetimeSeconds: 600,
};
const refusal = { allocated: false, errorCode: 401 };

/** The text with another letter or digit in place of the one at `index`. */
function changeAt(text: string, index: number): string {
  const other = text.at(index) === "7" ? "8" : "7";
  return text.slice(0, index) + other + text.slice(index + 1);
}

describe("createCredentialIssuer", () => {
  it.each(transports)("makes what coturn accepts over %s", async (transport) => {
    expect(await allocate(issue(), transport)).toEqual(relay);
  });

  it.each(transports)("makes what coturn refuses after expiry over %s", async (transport) => {
    const expired = issue("webrtc-gateway", secondsFromNow(-1));
    expect(await allocate(expired, transport)).toEqual(refusal);
  });

  it.each(transports)(
    "makes what coturn refuses with another secret over %s",
    async (transport) => {
      const foreign = issue("webrtc-gateway", secondsFromNow(3600), "east-east-east-east");
      expect(await allocate(foreign, transport)).toEqual(refusal);
    },
  );

  it("signs so that coturn accepts either secret of a rotated pair", async () => {
    for (const secret of [currentSecret, previousSecret]) {
      expect(await allocate(issue("webrtc-gateway", secondsFromNow(3600), secret))).toEqual(relay);
    }
  });

  // `<10 digits>:webrtc-gateway`, and 27 characters of base64 before the padding.
  it.each([1, 9, 10, 11, 24])("binds the username at index %i", async (index) => {
    const { username, credential } = issue();
    expect(await allocate({ username: changeAt(username, index), credential })).toEqual(refusal);
  });

  it.each([0, 13, 26, 27])("has no spare character in the credential: index %i", async (index) => {
    const { username, credential } = issue();
    expect(await allocate({ username, credential: changeAt(credential, index) })).toEqual(refusal);
  });
});

const hostileSubjects: [description: string, subject: string][] = [
  ["spaces", " alice  b "],
  ["double quotes", 'alice"b'],
  ["single quotes", "alice' or '1'='1"],
  ["a backslash", "alice\\b"],
  ["a tab", "alice\tb"],
  ["line ends", "alice\r\nb"],
  ["control characters", "\u0000alice\u0007\u001b[31m\u007f"],
  ["what looks like SQL", "1 UNION SELECT secret"],
  ["what looks like SQL, without spaces", "unionselect"],
  ["a colon", "a:b"],
  ["an expiry of its own", "9999999999:alice"],
  ["percent signs", "100%/%25/%s%n"],
  ["an emoji", "alice 🧊"],
  ["other scripts", "алиса-爱丽丝"],
  ["a lone surrogate", "alice\ud800"],
  ["600 bytes", "a".repeat(600)],
  ["480 bytes, the longest that is kept", "a".repeat(480)],
  ["600 bytes of what has to be encoded", " ".repeat(600)],
  ["nothing", ""],
];

describe("nameBySubject", () => {
  it.each(hostileSubjects)("names a subject so that coturn accepts it: %s", async (_, subject) => {
    const name = nameBySubject({ kind: "jwt", issuer: "https://issuer.test", subject });
    expect(await allocate(issue(name))).toEqual(relay);
  });
});

describe("createPseudonymizer", () => {
  it("names callers so that coturn accepts it", async () => {
    const pseudonymize = createPseudonymizer(secretKey(currentSecret));
    const name = pseudonymize({
      kind: "jwt",
      issuer: "https://issuer.test",
      subject: 'a "b" \\ c',
    });
    expect(await allocate(issue(name))).toEqual(relay);
  });
});

describe.each(["static", "subject", "pseudonym"])("the service with identity %s", (identity) => {
  it("gives a hostile subject credentials that coturn accepts over every transport", async () => {
    const tokens = createSubjectTokens();
    const service = await startIceService({
      files: { ...tokens.files, "turn.secret": currentSecret, "previous.secret": previousSecret },
      config: {
        auth: { jwt: tokens.jwt },
        ice: {
          stunUrls: [],
          turn: {
            urls: [`turn:127.0.0.1:${coturn.port}`, `turns:127.0.0.1:${coturn.tlsPort}`],
            secretFiles: ["turn.secret", "previous.secret"],
            identity,
          },
        },
      },
    });
    try {
      const token = await tokens.sign('a "b" \\ union select \t 🧊');
      const response = await fetch(`${service.url}/api/v1/ice-servers`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      const { iceServers } = (await response.json()) as { iceServers: [TurnCredential] };
      const { username, credential } = iceServers[0];
      for (const transport of transports) {
        expect(await allocate({ username, credential }, transport)).toEqual(relay);
      }
    } finally {
      await service.stop();
    }
  });
});

describe("a coturn that gives each user one relay", () => {
  let limited: Coturn;
  beforeAll(async () => {
    limited = await startCoturn({ secrets: [currentSecret], extra: ["user-quota=1"] });
  });
  afterAll(() => limited.stop());

  it.each(["subject", "pseudonym"])(
    "tells equal subjects of two issuers apart, identity %s",
    async (identity) => {
      const issuers = [createSubjectTokens("one.test"), createSubjectTokens("two.test")] as const;
      const service = await startIceService({
        files: { ...issuers[0].files, ...issuers[1].files, "turn.secret": currentSecret },
        config: {
          auth: { jwt: issuers.flatMap(({ jwt }) => jwt) },
          ice: {
            stunUrls: [],
            turn: {
              urls: [`turn:127.0.0.1:${limited.port}`],
              secretFiles: ["turn.secret"],
              identity,
            },
          },
        },
      });
      const getCredential = async (tokens: SubjectTokens): Promise<TurnCredential> => {
        const response = await fetch(`${service.url}/api/v1/ice-servers`, {
          headers: { Authorization: `Bearer ${await tokens.sign("system:alice")}` },
        });
        const { iceServers } = (await response.json()) as { iceServers: [TurnCredential] };
        const [{ username, credential }] = iceServers;
        return { username, credential };
      };
      const allocateOnLimited = (credential: TurnCredential) =>
        allocateRelay({ ...credential, transport: "udp", port: limited.port });
      try {
        const [one, two] = [await getCredential(issuers[0]), await getCredential(issuers[1])];
        expect(one.username.replace(/^\d+:/, "")).not.toMatch(/[:/]/);
        const held = await holdRelay(limited.port, one);
        try {
          expect(await allocateOnLimited(one)).toEqual({ allocated: false, errorCode: 486 });
          expect(await allocateOnLimited(two)).toEqual(relay);
        } finally {
          held.close();
        }
      } finally {
        await service.stop();
      }
    },
  );
});
