import { list } from "../config/collections.js";
import { key } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import { text } from "../config/scalars.js";
import { section } from "../config/section.js";

const origin = checked(text(), (written, place) => {
  if (written !== "*" && !(URL.canParse(written) && new URL(written).origin === written)) {
    const fix = "Write it as browsers send it, such as https://app.example.com, without a path";
    return place.refuse(`${JSON.stringify(written)} is not an origin`, fix);
  }
  return written;
});

const origins = checked(list(origin), (written, place) =>
  written.includes("*") && written.length > 1
    ? place.refuse("has * beside other origins", "Write * alone, or the origins without it")
    : written,
);

/** Which web pages may call the service from a browser. */
export const corsSection = section({
  allowedOrigins: key(origins, {
    default: ["*"],
    variable: "ICE_CORS_ORIGINS",
    help: '"*" alone, or origins as browsers send them: https://app.example.com',
  }),
});

export type CorsConfig = ValueOf<typeof corsSection>;
