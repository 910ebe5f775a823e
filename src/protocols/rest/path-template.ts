/** What a path's variables hold, by field path such as `book.shelf_id`. */
export type PathVariables = ReadonlyMap<string, string>;

const noVariables: PathVariables = new Map();

/** A variable of a path template. */
export interface TemplateVariable {
  /** The path of its field. */
  readonly name: string;
  /** The segments that it stands for, such as `*`, `books/*`, or `**`. */
  readonly segments: string;
}

/** A compiled path template of google.api.http. */
export interface PathTemplate {
  readonly text: string;
  /** A regular expression. Templates that differ only in their variables have the same. */
  readonly pattern: string;
  /** Whether it has no variables, so that it matches its own text alone. */
  readonly isLiteral: boolean;
  /** In the order of the path. */
  readonly variables: readonly TemplateVariable[];
  /** The variables of a path (without query) that matches, else undefined. */
  match(path: string): PathVariables | undefined;
}

/**
 * Compiles a path template by the grammar in google/api/http.proto:
 *
 *     Template = "/" Segments [ Verb ] ;  Segments = Segment { "/" Segment } ;
 *     Segment  = "*" | "**" | LITERAL | Variable ;
 *     Variable = "{" FieldPath [ "=" Segments ] "}" ;  Verb = ":" LITERAL ;
 *
 * @param flaw makes the error for a template that is malformed, of what is wrong with it
 */
export function parsePathTemplate(text: string, flaw: (problem: string) => Error): PathTemplate {
  const variables: TemplateVariable[] = [];
  let pattern = "";
  let capturing = "";
  let rest = text;
  const take = (expected: RegExp): RegExpExecArray | null => {
    const found = expected.exec(rest);
    rest = rest.slice(found?.[0].length ?? 0);
    return found;
  };
  while (rest !== "") {
    const variable = take(/^\{([a-z_][\w.]*)(?:=([^{}]+))?\}/i);
    if (variable !== null) {
      const [, name = "", segments = "*"] = variable;
      variables.push({ name, segments });
      const compiled = compileSegments(segments);
      pattern += compiled;
      capturing += `(${compiled})`;
      continue;
    }
    const literal = take(/^[^{}]+/);
    if (literal === null) {
      break;
    }
    const compiled = compileSegments(literal[0]);
    pattern += compiled;
    capturing += compiled;
  }
  if (!text.startsWith("/") || rest !== "") {
    throw flaw(
      `has the path "${text}"; it must begin with / and have only literals, *, **, {field}, and {field=pattern}`,
    );
  }
  if (new Set(variables.map(({ name }) => name)).size < variables.length) {
    throw flaw(`has the path "${text}"; it can have a variable only once`);
  }
  const regExp = new RegExp(`^${capturing}$`);
  const isLiteral = !/[{*]/.test(text);
  return {
    text,
    pattern,
    isLiteral,
    variables,
    match(path) {
      if (isLiteral) {
        return path === text ? noVariables : undefined;
      }
      const found = regExp.exec(path);
      if (found === null) {
        return undefined;
      }
      try {
        return new Map(
          variables.map(({ name, segments }, index) => [
            name,
            decodeVariable(found[index + 1] ?? "", segments !== "*"),
          ]),
        );
      } catch {
        return undefined; // a malformed percent-escape names no resource
      }
    },
  };
}

function compileSegments(segments: string): string {
  return segments.replace(/\*\*|\*|[^*]+/g, (part) => {
    switch (part) {
      case "**":
        return ".*";
      case "*":
        return "[^/]+";
      default:
        return part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&");
    }
  });
}

/** A variable of several segments keeps `%2F`, so that it stays apart from a separator. */
function decodeVariable(value: string, multiSegment: boolean): string {
  return multiSegment
    ? value
        .split(/(%2f)/i)
        .map((part) => (/^%2f$/i.test(part) ? part : decodeURIComponent(part)))
        .join("")
    : decodeURIComponent(value);
}
