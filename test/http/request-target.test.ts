import { describe, expect, it } from "vitest";
import { splitRequestTarget } from "../../src/http/request-target.js";

describe("splitRequestTarget", () => {
  it.each<[source: string, target: string, path: string, query: string]>([
    ["RFC 9112 section 3.2.1", "/a?b", "/a", "b"],
    ["RFC 9112 section 3.2.2", "http://ice.example.com:8080/a?b", "/a", "b"],
    ["RFC 9110 section 4.2.3", "HTTP://ice.example.com", "/", ""],
    ["RFC 9110 section 4.2.3", "http://ice.example.com?b", "/", "b"],
    ["RFC 9112 section 3.2.4", "*", "*", ""],
    // Clients that encode what they need not: Accenture/mercury-composable#372, Rockncoder/randoeats#74.
    ["RFC 3986 section 6.2.2.2", "/servers%3Awatch", "/servers:watch", ""],
    ["RFC 3986 section 6.2.2.1", "/servers%3awatch", "/servers:watch", ""],
    ["RFC 3986 section 2.3", "/%41%5A%61%7a%30%39%2D%2E%5F%7E", "/AZaz09-._~", ""],
    ["RFC 3986 section 2.2", "/a%2Fb%2f%3F%23%5B%40%21%2C", "/a%2Fb%2f%3F%23%5B%40%21%2C", ""],
    ["RFC 3986 section 2.4: never twice", "/a%2541%252F%25", "/a%2541%252F%25", ""],
    ["no dot segment is resolved", "/a/%2E%2E/b", "/a/../b", ""],
    ["beyond ASCII", "/%C3%A9%80", "/%C3%A9%80", ""],
    ["malformed: as it is", "/%%34%31", "/%%34%31", ""],
    ["malformed: as it is", "/%41%4", "/%41%4", ""],
    ["tokens are raw", "/a?token=%41%2B+", "/a", "token=%41%2B+"],
  ])("%s: %s", (_, target, path, query) => {
    expect(splitRequestTarget(target)).toEqual({ path, query });
  });
});
