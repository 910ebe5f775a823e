/** Shows a person how far the run is. */
export interface Progress {
  step(text: string): void;
  /** Clears the line before something else is printed. */
  end(): void;
}

/** Of a terminal that does not report its width. */
const defaultColumns = 80;

/** One line on a terminal, rewritten in place; elsewhere nothing. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) {
    return { step() {}, end() {} };
  }
  const startedAtMs = performance.now();
  return {
    step(text) {
      const seconds = Math.round((performance.now() - startedAtMs) / 1000);
      const line = `${String(seconds).padStart(4)} s  ${text}`;
      stream.write(
        `\r\u001b[K${line.slice(0, Math.max(0, (stream.columns || defaultColumns) - 1))}`,
      );
    },
    end() {
      stream.write("\r\u001b[K");
    },
  };
}
