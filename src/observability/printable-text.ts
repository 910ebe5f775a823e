/**
 * Characters that a terminal or a reader of lines may act on, or that nobody sees: DEL and the C1
 * controls, format characters such as U+202E and the tags, line and paragraph separators, lone
 * surrogates, and what is ignored by default. Not the C0 controls, see {@link escapeControls}.
 */
const unprintable = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** C0 controls without tab and line feed. */
const controls = /[^\P{Cc}\t\n\u007f-\u009f]/gu;

/**
 * Escapes what must not reach a log as it is. For JSON text this changes no value: these characters
 * appear in strings only, and JSON escapes them the same way, as `\uXXXX` for each UTF-16 unit.
 */
export function escapeUnprintable(text: string): string {
  return text.replace(unprintable, escapeUnits);
}

/** Escapes C0 controls, which JSON text never holds as they are; tab and line feed stay. */
export function escapeControls(text: string): string {
  return text.replace(controls, escapeUnits);
}

function escapeUnits(character: string): string {
  let escaped = "";
  for (let index = 0; index < character.length; index += 1) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
