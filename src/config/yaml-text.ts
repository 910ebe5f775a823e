import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  Lexer,
  Parser,
} from "yaml";
import { tooLarge, YamlFaults } from "./yaml-faults.js";

/** How deep lists and maps may stand within each other. The configuration needs fewer than ten levels. */
const maxDepth = 64;
/** How often anchored values may be used. Each use is another value to check. */
const maxAliases = 100;
/** What the lexer writes before the text of a scalar: what follows is no indicator. */
const scalarMark = "\u001f";

/**
 * Parses one YAML document within bounds: of its depth, of its number of parts, and of its aliases.
 * The time that it takes grows with the number of parts alone, whatever the text. Keys must be
 * scalars, and differ from each other.
 *
 * @param maxParts how many scalars, indicators, and spaces between them are read
 * @returns plain data
 * @throws YamlTextError with what is wrong, but nothing of the text
 */
export function parseYamlText(text: string, maxParts: number): unknown {
  const faults = new YamlFaults();
  const document = composeDocument(text, maxParts, faults);
  faults.throwIfAny();
  checkKeys(document?.contents, faults);
  faults.throwIfAny();
  try {
    return document?.toJS({ maxAliasCount: maxAliases });
  } catch {
    faults.add(0, "BAD_ALIAS", "An alias cannot be resolved, or its value grows without end");
    return faults.throwIfAny();
  }
}

function composeDocument(text: string, maxParts: number, faults: YamlFaults): Document | undefined {
  // To find a key twice, the library looks at all keys before each one; checkKeys looks once.
  const composer = new Composer({ uniqueKeys: false, logLevel: "error" });
  faults.listenTo(composer);
  let document: Document | undefined;
  const add = (next: Document) => {
    if (document !== undefined) {
      faults.add(next.range?.[0] ?? 0, "MULTIPLE_DOCS", "The file contains more than one document");
    }
    document ??= next;
  };
  let hasBegun = false;
  for (const token of readTokens(text, maxParts, faults)) {
    if (token.type === "error") {
      faults.add(token.offset, "UNEXPECTED_TOKEN", token.message);
    } else if (token.type !== "doc-end" || hasBegun) {
      hasBegun ||= token.type === "document";
      for (const next of composer.next(token)) {
        add(next);
      }
    }
    if (document !== undefined) {
      // A second one has begun: what follows is not looked at.
      break;
    }
  }
  for (const next of composer.end(true, text.length)) {
    add(next);
  }
  return document;
}

/** Drives the lexer by hand, so that a text that goes too far is left where it does. */
function* readTokens(
  text: string,
  maxParts: number,
  faults: YamlFaults,
): Generator<CST.Token, void> {
  const { addNewLine } = faults.lineCounter;
  const parser = new Parser(addNewLine);
  addNewLine(0);
  let parts = 0;
  let aliases = 0;
  let last = "";
  for (const lexeme of new Lexer().lex(text)) {
    parts += 1;
    if (lexeme.startsWith("*") && last !== scalarMark) {
      aliases += 1;
    }
    last = lexeme;
    yield* parser.next(lexeme);
    const excess =
      (parts > maxParts && `more than ${maxParts} parts`) ||
      (aliases > maxAliases && `more than ${maxAliases} aliases`) ||
      (parser.stack.length > maxDepth && `more than ${maxDepth} levels`);
    if (excess) {
      faults.add(parser.offset, tooLarge, `The file has ${excess}`);
      return;
    }
  }
  yield* parser.end();
}

/** The bound of the depth bounds the recursion. */
function checkKeys(node: unknown, faults: YamlFaults): void {
  if (!isCollection(node)) {
    return;
  }
  const known = isMap(node) ? new Set<string>() : undefined;
  for (const item of node.items) {
    if (!isPair(item)) {
      checkKeys(item, faults);
      continue;
    }
    const { key, value } = item;
    const offset = readOffset(key) ?? readOffset(node) ?? 0;
    if (key !== null && !isScalar(key)) {
      faults.add(offset, "BAD_KEY", "A key is a list, a map, or an alias");
    } else {
      const name = String(key?.value ?? "");
      if (known?.has(name)) {
        faults.add(offset, "DUPLICATE_KEY", "A map has the same key twice");
      }
      known?.add(name);
    }
    checkKeys(value, faults);
  }
}

function readOffset(node: unknown): number | undefined {
  return isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined;
}
