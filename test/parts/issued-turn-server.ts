import { expect } from "vitest";

/** What a list of ICE servers holds for these TURN URLs: a credential of the default identity. */
export const issuedTurnServer = (...urls: readonly string[]) => ({
  urls,
  username: expect.stringMatching(/^\d{10}:webrtc-gateway$/),
  credential: expect.stringMatching(/^[\w+/]{27}=$/),
});
