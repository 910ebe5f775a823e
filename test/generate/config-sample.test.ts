import { describe, expect, it } from "vitest";
import { printSample } from "../../generate/config-sample.js";
import { list, map } from "../../src/config/collections.js";
import { duration } from "../../src/config/duration.js";
import { key, optionalKey, requiredKey } from "../../src/config/key.js";
import { choice, text, wholeNumber } from "../../src/config/scalars.js";
import { section } from "../../src/config/section.js";
import { variants } from "../../src/config/variants.js";

const tag = (name: string) => requiredKey(choice(name), { example: name, help: "The service." });
const region = section({ url: requiredKey(text(), { example: "turn:a", help: "Where." }) });
const root = section({
  port: key(wholeNumber(1, 9), {
    default: 8,
    devDefault: 9,
    variable: "ICE_PORT",
    restart: "for a new value",
    help: "Where it listens. A help text that is too long for one line is wrapped at a hundred columns.",
  }),
  secret: optionalKey(text(), { variable: "ICE_SECRET", isVariableOnly: true, help: "A secret." }),
  managed: optionalKey(
    list(
      variants(
        "provider",
        section({
          provider: tag("north"),
          ttl: key(duration(), { default: "1h", help: "A life." }),
        }),
        section({ provider: tag("south") }),
      ),
    ),
    { help: "Services." },
  ),
  regions: optionalKey(map(text(), region, "eu"), {
    isAlternative: true,
    defaultText: "one",
    help: "Instead.",
  }),
  limit: optionalKey(section({ count: requiredKey(wholeNumber(1, 2), { example: 1, help: "" }) }), {
    example: { count: 1 },
    help: "On one line.",
  }),
});

describe("printSample", () => {
  it("shows each key with its help and what is declared of it", () => {
    const [, ...sections] = printSample(root).trimEnd().split("\n\n");
    expect(sections).toEqual([
      `# Where it listens. A help text that is too long for one line is wrapped at a hundred columns.
# Default with --dev: 9. Values: 1 to 9. Variable: ICE_PORT. Requires a restart.
port: 8`,
      "# ICE_SECRET: A secret.",
      `# Services.
managed:
  - # The service.
    # Required. Values: north.
    provider: north
    # A life.
    ttl: 1h
  - # The service.
    # Required. Values: south.
    provider: south`,
      `# Instead.
# Default: one.
# regions:
#   eu:
#     # Where.
#     # Required.
#     url: turn:a`,
      `# On one line.
# Values: count 1 to 2.
limit: { count: 1 }`,
    ]);
  });
});
