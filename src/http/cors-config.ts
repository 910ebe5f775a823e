import { list } from "../config/collections.js";
import { key } from "../config/key.js";
import { checked } from "../config/kind.js";
import { text } from "../config/scalars.js";
import { section } from "../config/section.js";
import { findOriginFlaw } from "./origin-flaw.js";

const origin = checked(text(), (written, place) => {
  const flaw = written === "*" ? undefined : findOriginFlaw(written);
  return flaw === undefined ? written : place.refuse(flaw.problem, flaw.fix);
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
    help: '"*" alone, or origins as browsers send them, such as https://app.example.com and capacitor://localhost. https://*.example.com allows every host with exactly one more label.',
  }),
});
