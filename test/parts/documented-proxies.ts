import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { TestCertificate } from "./certificate.js";
import { findFreePort } from "./free-port.js";
import { startProxy } from "./proxy-process.js";
import { type ProxyName, type ProxyProgram, proxyPrograms } from "./proxy-programs.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

const document = readFileSync(
  fileURLToPath(new URL("../../docs/proxies.md", import.meta.url)),
  "utf8",
);

/**
 * The blocks of docs/proxies.md in one language.
 *
 * @param heading above them; empty for those before the first heading
 */
export function readProxyBlocks(heading: string, language: string): readonly string[] {
  const [introduction = "", ...sections] = document.split(/^## /m);
  const own =
    heading === ""
      ? introduction
      : (sections.find((section) => section.startsWith(`${heading}\n`)) ?? "");
  return [...own.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, block = ""]) => block,
  );
}

export interface DocumentedProxyOptions {
  /** Of the instances on 127.0.0.1. */
  readonly upstreamPorts: readonly [number, number];
  readonly certificate: TestCertificate;
  /** Uses the block below this heading; by default, the name of the proxy. */
  readonly heading?: string;
  /** Changes the block before it is used. */
  readonly adjust?: (block: string) => string;
  /** Its port; by default a free port of 127.0.0.1. */
  readonly on?: { readonly host: string; readonly port: number };
}

export interface DocumentedProxy {
  readonly port: number;
  /** Everything that it has written, including its access log. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a proxy with its block of docs/proxies.md. */
export async function startDocumentedProxy(
  name: ProxyName,
  options: DocumentedProxyOptions,
): Promise<DocumentedProxy> {
  const { upstreamPorts, certificate, heading = name, adjust = (block) => block } = options;
  const { host, port } = options.on ?? { host: "127.0.0.1", port: await findFreePort() };
  const program: ProxyProgram = proxyPrograms[name];
  const [block, ...others] = readProxyBlocks(heading, program.language);
  if (block === undefined || others.length > 0) {
    throw new Error(`docs/proxies.md has not one ${program.language} block below ${heading}`);
  }
  const directory = await createTemporaryDirectory("proxy");
  const { certFile, keyFile } = certificate;
  const pem = await Promise.all([certFile, keyFile].map((file) => readFile(file, "utf8")));
  const bundle = await directory.write("bundle.pem", pem.join(""));
  const [first, second] = upstreamPorts;
  const here = adjust(block)
    .replaceAll("127.0.0.1:8081", `127.0.0.1:${first}`)
    .replaceAll("127.0.0.1:8082", `127.0.0.1:${second}`)
    .replace(/^( *(?:listen|Listen)) 443/m, `$1 ${host}:${port}`)
    .replace("bind :443", `bind ${host}:${port}`)
    .replace("*:443", `${host}:${port}`)
    .replace(/^ice\.example\.com \{/m, `https://localhost:${port} {\n  tls ${certFile} ${keyFile}`)
    .replace(/\/etc\/\w+\/fullchain\.pem/, certFile)
    .replace(/\/etc\/\w+\/privkey\.pem/, keyFile)
    .replace("/etc/haproxy/ice.example.com.pem", bundle)
    .replace(/\/var\/log\/(nginx|apache2)/g, directory.path);
  const file = await directory.write("proxy.conf", program.configure(here, directory.path));
  const { child, stop } = await startProxy({
    name: program.command,
    args: program.args(file, directory.path),
    directory,
    ports: [port],
    host,
  });
  const logFiles = ["ice.log", "error.log"].map((each) => `${directory.path}/${each}`);
  return {
    port,
    output: () =>
      [
        child.stdout(),
        child.stderr(),
        ...logFiles.map((each) => (existsSync(each) ? readFileSync(each, "utf8") : "")),
      ].join("\n"),
    // Apache would wait until open watches have ended.
    stop: () => stop("SIGKILL"),
  };
}
