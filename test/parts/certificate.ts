import { join } from "node:path";
import { runProgram } from "./child-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface TestCertificate {
  /** The authority that signed the server's certificate: what clients are to trust. */
  readonly caFile: string;
  /** For `localhost` and 127.0.0.1; good for a client as well. */
  readonly certFile: string;
  readonly keyFile: string;
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
  try {
    await openssl(
      ...["req", "-x509", ...newEcKey, "-days", "1", "-subj", "/CN=Test authority"],
      ...["-keyout", "ca-key.pem", "-out", "ca.pem"],
    );
    await openssl(
      ...["req", ...newKey, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request.pem"],
    );
    await directory.write(
      "extensions.cnf",
      "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n",
    );
    await openssl(
      ...["x509", "-req", "-in", "request.pem", "-days", "1", "-out", "cert.pem"],
      ...["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"],
      ...["-extfile", "extensions.cnf"],
    );
  } catch (error) {
    await directory.remove();
    throw error;
  }
  return {
    caFile: file("ca.pem"),
    certFile: file("cert.pem"),
    keyFile: file("key.pem"),
    stop: directory.remove,
  };
}
