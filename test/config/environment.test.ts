import { describe, expect, it } from "vitest";
import { listKeys } from "../../src/config/declared-keys.js";
import { readEnvironment } from "../../src/config/environment.js";
import { configSection } from "../../src/service-config.js";

const keys = listKeys(configSection);
const variables = keys.flatMap(({ key }) => key.declaration.variable ?? []);

describe("readEnvironment", () => {
  // cloudprober#477: Kubernetes sets these for a Service by the name of `ice` and `ice-admin`.
  it.each([
    ["ICE_PORT", "tcp://10.0.0.1:8080"],
    ["ICE_PORT", "udp://10.0.0.1:3478"],
    ["ICE_PORT", "tcp://[fd00::1]:8080"],
    ["ICE_ADMIN_PORT", "tcp://10.0.0.1:9090"],
    ["ICE_ADMIN_PORT", "udp://10.0.0.1:9090"],
    ["ICE_ADMIN_PORT", "SCTP://10.0.0.1:9090"],
  ])("ignores a service link with a warning: %s=%s", (name, value) => {
    const { entries, warnings } = readEnvironment(keys, { [name]: value });
    expect(entries).toEqual([]);
    expect(warnings).toEqual([
      `${name}="${value}" is a service link of Kubernetes or Docker and ignored; set enableServiceLinks: false in the pod, or rename the Service`,
    ]);
  });

  it.each(["ice", "ice-admin", "ice-turn", "ice-service"])(
    "says nothing of the other variables that Kubernetes sets for a Service named %s",
    (service) => {
      const prefix = service.toUpperCase().replace("-", "_");
      const set = {
        [`${prefix}_SERVICE_HOST`]: "10.0.0.1",
        [`${prefix}_SERVICE_PORT`]: "8080",
        [`${prefix}_SERVICE_PORT_HTTP`]: "8080",
        [`${prefix}_PORT_8080_TCP`]: "tcp://10.0.0.1:8080",
        [`${prefix}_PORT_8080_TCP_PROTO`]: "tcp",
        [`${prefix}_PORT_8080_TCP_PORT`]: "8080",
        [`${prefix}_PORT_8080_TCP_ADDR`]: "10.0.0.1",
      };
      expect(readEnvironment(keys, set)).toEqual({ entries: [], warnings: [] });
    },
  );

  it("takes a port, and says that another name is unknown", () => {
    const { entries, warnings } = readEnvironment(keys, { ICE_PORT: "80", ICE_LISTEN_PORT: "80" });
    expect(entries).toMatchObject([{ name: "ICE_PORT", value: 80 }]);
    expect(warnings).toEqual([expect.stringMatching(/^the variable ICE_LISTEN_PORT is unknown/)]);
  });

  it("has no other variable that a service link can set", () => {
    const linked = /^(.+_)?(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_.+)?)?)$/;
    expect(variables.filter((name) => linked.test(name))).toEqual(["ICE_PORT", "ICE_ADMIN_PORT"]);
  });
});
