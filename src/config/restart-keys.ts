import { listKeys } from "./declared-keys.js";
import { findValue, printKeyPath } from "./key-path.js";
import type { Kind } from "./kind.js";

/** The keys of a changed configuration that a running process cannot apply. */
export function findDeclaredRestartKeys<Config>(
  root: Kind<Config>,
  running: Config,
  next: Config,
): string[] {
  const before = root.describe(running);
  const after = root.describe(next);
  return listKeys(root).flatMap(({ path, key: { declaration } }) => {
    const read = (config: unknown) => {
      const value = findValue(config, path);
      return declaration.restart === "to turn it on or off" ? value !== undefined : value;
    };
    const isChanged = JSON.stringify(read(before)) !== JSON.stringify(read(after));
    return declaration.restart !== undefined && isChanged ? [printKeyPath(path)] : [];
  });
}
