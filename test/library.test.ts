import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TokenVerifiers } from "../src/authentication/token-verifiers.js";
import { createIceService } from "../src/library.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "./parts/temporary-directory.js";
import { connectorTokens } from "./parts/tokens.js";

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await createTemporaryDirectory("library");
  await directory.write("tokens.yaml", connectorTokens({ backend: "library-test-token" }));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await directory.remove();
});

describe("createIceService", () => {
  it("gives up what a configuration has opened that cannot be used", async () => {
    const configFile = `${directory.path}/ice.yaml`;
    const auth = { connectorTokensFile: "tokens.yaml" };
    await writeFile(configFile, JSON.stringify({ auth }));
    const ice = createIceService({ configFile });
    const introspection = {
      url: "https://login.example.com/introspect",
      clientId: "ice-service",
      clientSecretFile: "client.secret",
      audience: "ice",
    };
    await directory.write("client.secret", "client-secret-of-a-library-test");
    await directory.write("secret", "turn-secret-of-a-library-test-0123456789");
    await directory.write("countries.mmdb", "not a database");
    const turn = {
      secretFiles: ["secret"],
      regions: { eu: { urls: ["turn:turn.example.com"] } },
      defaultRegion: "eu",
      regionFrom: { database: "countries.mmdb", continents: { EU: "eu" } },
    };
    await writeFile(
      configFile,
      JSON.stringify({ auth: { ...auth, introspection }, ice: { turn } }),
    );
    const open = vi.spyOn(TokenVerifiers.prototype, "open");
    const keep = vi.spyOn(TokenVerifiers.prototype, "keep");
    expect(() => ice.reload()).toThrow("ice.turn.regionFrom.database");
    const opened = open.mock.results[0]?.value;
    expect(opened?.sources).toHaveLength(1);
    expect(keep).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ sources: [] }));
    ice.close();
  });
});
