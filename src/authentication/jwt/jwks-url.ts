import type { Kind } from "../../config/kind.js";
import { text } from "../../config/scalars.js";

const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

/** Where a key set is fetched from. Who answers there can sign tokens. */
export const jwksUrl: Kind<URL, string, ""> = {
  unit: "",
  read(given, place) {
    const written = text().read(given, place);
    if (written === undefined) {
      return undefined;
    }
    if (!URL.canParse(written)) {
      const fix = "Write it like https://login.example.com/.well-known/jwks.json";
      return place.refuse("is not a URL", fix);
    }
    const url = new URL(written);
    const isLocal = url.protocol === "http:" && loopbackHosts.includes(url.hostname);
    if (url.protocol !== "https:" && !isLocal) {
      place.refuse(
        "is not an https: URL",
        "Use https:; who answers in its place could sign tokens",
      );
    }
    if (url.username !== "" || url.password !== "") {
      place.refuse("holds a user name or password", "Remove it: a key set is public");
    }
    return url;
  },
  describe: (url) => url.href,
};
