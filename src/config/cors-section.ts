import type { Config } from "./config.js";
import type { ConfigFile } from "./file-schema.js";
import type { ProblemList } from "./problem-list.js";

/** Builds the `cors` section; what is wrong with it joins the problems. */
export function buildCors(cors: ConfigFile["cors"], problems: ProblemList): Config["cors"] {
  const path = ["cors", "allowedOrigins"];
  const allowedOrigins = cors?.allowedOrigins ?? ["*"];
  if (allowedOrigins.includes("*") && allowedOrigins.length > 1) {
    problems.add(path, "has * beside other origins", "Write * alone, or the origins without it");
  }
  for (const [index, origin] of allowedOrigins.entries()) {
    if (origin !== "*" && !(URL.canParse(origin) && new URL(origin).origin === origin)) {
      const fix = "Write it as browsers send it, such as https://app.example.com, without a path";
      problems.add([...path, index], `${JSON.stringify(origin)} is not an origin`, fix);
    }
  }
  return { allowedOrigins };
}
