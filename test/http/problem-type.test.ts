import { describe, expect, it } from "vitest";
import { chooseProblemType } from "../../src/http/problem-type.js";
import { RequestHeaders } from "../../src/http/request-headers.js";

const problem = "application/problem+json";
const json = "application/json";

// The rules are those of RFC 9110 section 12.5.1.
describe("chooseProblemType", () => {
  it.each<[who: string, accept: string[], type: string]>([
    ["a client that does not say", [], problem],
    ["curl", ["*/*"], problem],
    ["EventSource", ["text/event-stream"], problem],
    ["a browser", ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], problem],
    ["axios", ["application/json, text/plain, */*"], problem],
    ["any of application", ["application/*"], problem],
    ["both", ["application/json, application/problem+json"], problem],
    ["both, in two fields", ["application/json", "application/problem+json"], problem],
    ["neither", ["text/html"], problem],
    ["nothing", [""], problem],
    ["garbage", [",;q=0,application/json/x"], problem],
    ["strict JSON clients", ["application/json"], json],
    // Compared without regard to case: PostgREST/postgrest#3478.
    ["in another case", ["Application/JSON"], json],
    ["with parameters", ["application/json; charset=utf-8"], json],
    ["with a weight", ["text/html, application/json ; q=0.1"], json],
    ["no problem details", ["*/*, application/problem+json;q=0"], json],
    ["nothing else", ["application/json, */*;q=0.000"], json],
    ["no JSON either", ["application/json;q=0, application/problem+json;Q=0"], problem],
    ["a weight that only begins like 0", ["application/json, */*;q=0.01"], problem],
  ])("%s: %j gets %s", (_, accept, type) => {
    const headers = new RequestHeaders(accept.flatMap((value) => ["Accept", value]));
    expect(chooseProblemType(headers)).toBe(type);
  });
});
