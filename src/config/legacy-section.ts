import type { z } from "zod";
import type { Kind, LegacyVariable } from "./kind.js";
import { Place } from "./place.js";
import { describeIssue } from "./schema-problem.js";
import { addSecretProblem, readSecretFile } from "./secret-file.js";
import type { SectionContext } from "./section-context.js";

/** A section whose keys are not declared yet: a schema of its own, and functions for the rest. */
export interface LegacySection<Content, Value> {
  readonly schema: z.ZodType<Content>;
  readonly variables: readonly LegacyVariable[];
  readonly build: (content: Content, context: SectionContext) => Value;
  readonly describe: (value: Value) => object;
}

export function legacySection<Content, Value>({
  schema,
  variables,
  build,
  describe,
}: LegacySection<Content, Value>): Kind<Value, object, ""> {
  return {
    unit: "",
    structure: { type: "legacy", variables },
    describe,
    read(given, place) {
      const checked = schema.safeParse(given);
      if (checked.success) {
        return build(checked.data, toContext(place));
      }
      const { problems } = place.context;
      const raw = { [place.path.map(String).join(".")]: given };
      for (const issue of checked.error.issues) {
        const path = [...place.path, ...issue.path];
        describeIssue({ ...issue, path }, raw, problems.nameKey).forEach(problems.addNamed);
      }
      return undefined;
    },
  };
}

function toContext({ context, isDev }: Place): SectionContext {
  const { problems, warn, files, dev, env, needsCallers } = context;
  return {
    problems,
    warn,
    files,
    env,
    needsCallers,
    dev: isDev,
    devSecret: dev?.secret,
    isFromVariable: (path) => context.findVariable(path) !== undefined,
    resolveFile: (path, name) => new Place(path, context).resolveFile(name),
    readSecret(path, name) {
      try {
        return readSecretFile(name, files, isDev, warn);
      } catch (error) {
        return addSecretProblem(error, path, problems);
      }
    },
  };
}
