/**
 * What the operator should know about the version of Node that runs the service.
 * @param version such as `20.19.0`
 */
export function findNodeWarnings(version: string): string[] {
  const [major] = version.split(".");
  return major === "20"
    ? [
        "Node.js 20 is past its end of life: a client can corrupt its memory over HTTP/2 and end the process. Use Node.js 22 or later",
      ]
    : [];
}
