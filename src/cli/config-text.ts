import { Document, isMap } from "yaml";
import { listKeys } from "../config/declared-keys.js";
import { type Config, configSection, describeConfig } from "../service-config.js";

/**
 * The effective configuration as a file that has the same effect. Paths are absolute. Inline secrets
 * and what is not configured are left out, with comments that say so.
 */
export function printConfigFile(config: Config): string {
  const document = new Document(describeConfigFile(config));
  for (const { path, text } of listComments(config)) {
    const section = document.getIn(path, true);
    if (path.length === 0) {
      document.commentBefore = ` ${text}`;
    } else if (isMap(section)) {
      section.commentBefore = ` ${text}`;
    }
  }
  return document.toString();
}

/** The same as plain data, without the comments. */
export function describeConfigFile(config: Config): object {
  const { admin } = config;
  const isAdminDefault = admin !== false && admin.isDefault;
  return Object.fromEntries(
    Object.entries(describeConfig(config)).filter(([key]) => key !== "admin" || !isAdminDefault),
  );
}

interface Comment {
  /** Of the section that it is about; empty for the whole. */
  readonly path: readonly string[];
  readonly text: string;
}

function listComments(config: Config): Comment[] {
  const { admin } = config;
  return [
    ...listInlineSecrets(config),
    ...(admin !== false && admin.isDefault
      ? [
          {
            path: [],
            text: `admin is not configured: metrics are served at ${admin.host}:${admin.port}, unless the port is in use.`,
          },
        ]
      : []),
  ];
}

/** Keys that only a variable sets, and that are set. */
function listInlineSecrets(config: Config): Comment[] {
  return listKeys(configSection).flatMap(({ path, name, key: { declaration } }) => {
    const parents = path.slice(0, -1).map(String);
    const parent = parents.reduce<unknown>(readMember, config);
    return declaration.isVariableOnly === true && readMember(parent, name) !== undefined
      ? [
          {
            path: parents,
            text: `${declaration.replaces ?? name}: the secret is in the variable ${declaration.variable}, and is not shown.`,
          },
        ]
      : [];
  });
}

function readMember(parent: unknown, name: string): unknown {
  return parent instanceof Object ? Reflect.get(parent, name) : undefined;
}
