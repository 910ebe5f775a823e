import { join } from "node:path";
import { runProgram } from "./child-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface TestCertificate {
  /** The authority that signed the server's certificate: what clients are to trust. */
  readonly caFile: string;
  /** For `localhost`, 127.0.0.1 and ::1; good for a client as well. */
  readonly certFile: string;
  readonly keyFile: string;
  /**
   * Has the authority sign another certificate for the same key.
   * @param subjectAltName such as `DNS:turn.example.com`
   * @param days how long it is valid; negative: until so many days ago
   * @returns its file
   */
  signAnother(subjectAltName: string, days: number): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Makes an authority of one day's life and a server certificate that it signed, with openssl.
 * @param keyType of the server's key
 */
export async function createCertificate(keyType: "ec" | "rsa" = "ec"): Promise<TestCertificate> {
  const directory = await createTemporaryDirectory("certificate");
  const file = (name: string) => join(directory.path, name);
  const openssl = (...args: string[]) => runProgram("openssl", args, { cwd: directory.path });
  const newEcKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const newKey = keyType === "ec" ? newEcKey : ["-newkey", "rsa:2048", "-nodes"];
  async function sign(certFile: string, subjectAltName: string, days: number) {
    const extensions = `subjectAltName=${subjectAltName}\nextendedKeyUsage=serverAuth,clientAuth\n`;
    await directory.write("extensions.cnf", extensions);
    await openssl(
      ...["x509", "-req", "-in", "request.pem", "-days", String(days), "-out", certFile],
      ...["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"],
      ...["-extfile", "extensions.cnf"],
    );
    return file(certFile);
  }
  let others = 0;
  try {
    await openssl(
      ...["req", "-x509", ...newEcKey, "-days", "1", "-subj", "/CN=Test authority"],
      ...["-keyout", "ca-key.pem", "-out", "ca.pem"],
    );
    await openssl(
      ...["req", ...newKey, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request.pem"],
    );
    await sign("cert.pem", "DNS:localhost,IP:127.0.0.1,IP:::1", 1);
  } catch (error) {
    await directory.remove();
    throw error;
  }
  return {
    caFile: file("ca.pem"),
    certFile: file("cert.pem"),
    keyFile: file("key.pem"),
    signAnother: (subjectAltName, days) => sign(`other-${++others}.pem`, subjectAltName, days),
    stop: directory.remove,
  };
}
