import { describe, expect, it } from "vitest";
import { parsePathTemplate } from "../../../src/protocols/rest/path-template.js";

// The templates of the examples in google/api/http.proto, and their neighbours.
describe("parsePathTemplate", () => {
  it.each<[template: string, path: string, variables: Record<string, string> | undefined]>([
    ["/api/v1/ice-servers", "/api/v1/ice-servers", {}],
    ["/api/v1/ice-servers", "/api/v1/ice-servers/", undefined],
    ["/api/v1/ice-servers", "/api/v1/ice-serversx", undefined],
    ["/api/v1/ice-servers:watch", "/api/v1/ice-servers:watch", {}],
    ["/api/v1/ice-servers:watch", "/api/v1/ice-servers", undefined],
    ["/api/v1.0/a", "/api/v1x0/a", undefined],
    ["/v1/messages/{message_id}", "/v1/messages/123456", { message_id: "123456" }],
    ["/v1/messages/{message_id}", "/v1/messages/", undefined],
    ["/v1/messages/{message_id}", "/v1/messages/a/b", undefined],
    ["/v1/messages/{message_id}", "/v1/messages/a%2Fb%20c", { message_id: "a/b c" }],
    ["/v1/messages/{message_id}", "/v1/messages/%zz", undefined],
    ["/v1/{name=messages/*}", "/v1/messages/123456", { name: "messages/123456" }],
    ["/v1/{name=messages/**}", "/v1/messages/a/b%2Fc%20d", { name: "messages/a/b%2Fc d" }],
    ["/v1/{name=**}:watch", "/v1/a/b:watch", { name: "a/b" }],
    ["/v1/{name=**}:watch", "/v1/a/b", undefined],
    ["/v1/users/{user.id}/messages/{id}", "/v1/users/me/messages/7", { "user.id": "me", id: "7" }],
    ["/v1/*/c", "/v1/b/c", {}],
    ["/v1/*/c", "/v1/b/b/c", undefined],
  ])("%s against %s", (template, path, variables) => {
    const found = parsePathTemplate(template, Error).match(path);
    expect(found && Object.fromEntries(found)).toEqual(variables);
  });

  it.each(["", "v1/a", "/v1/{a", "/v1/a}", "/v1/{}", "/v1/{a={b}}"])("refuses %j", (template) => {
    expect(() => parsePathTemplate(template, Error)).toThrow("it must begin with /");
  });

  it("refuses a variable that comes twice", () => {
    expect(() => parsePathTemplate("/v1/{a}/{a=b/*}", Error)).toThrow(
      "it can have a variable only once",
    );
  });
});
