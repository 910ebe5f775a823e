import { optionalKey } from "./config/key.js";
import { checked, type ValueOf } from "./config/kind.js";
import { section } from "./config/section.js";
import { checkRegionNames, regionFromSection } from "./geolocation/region-from-config.js";
import { probeSection } from "./health/probe-config.js";
import { iceUrls } from "./ice/ice-url-config.js";
import type { IceServerSettings } from "./turn/ice-server-settings.js";
import { configureIceServers } from "./turn/ice-servers-config.js";
import { completeRegions } from "./turn/region-config.js";
import { completeTurn, refuseWithoutRegions, turnKeys } from "./turn/turn-config.js";
import { watchSection } from "./watch/watch-config.js";

const turnSection = checked(
  section({
    ...turnKeys,
    regionFrom: optionalKey(regionFromSection, {
      isAlternative: true,
      defaultText: "all get defaultRegion",
      help: "Finds the region of requests that name none. With regions only.",
    }),
    probe: optionalKey(probeSection, {
      defaultText: "nothing is probed or left out",
      help: "Probes each TURN and STUN URL, and leaves failing URLs out of responses, see docs/health.md. If all fail, all are handed out.",
    }),
  }),
  (turn, place) => {
    if (turn.regions === undefined) {
      refuseWithoutRegions(turn, ["regionFrom"], place);
    } else if (turn.regionFrom !== undefined) {
      checkRegionNames(turn.regionFrom, [...turn.regions.keys()], place.at("regionFrom"));
    }
    return completeTurn(turn, place);
  },
);

/** ICE servers, and where they come from. The features that share the section meet here. */
export const iceSection = checked(
  section({
    stunUrls: optionalKey(iceUrls("stun"), {
      example: ["stun:stun.example.com:3478"],
      defaultText:
        "the server of the first turn URL over UDP; without TURN, stun:stun.l.google.com:19302",
      variable: "ICE_STUN_URLS",
      emptyVariable: "is a value",
      help: "The STUN servers.",
    }),
    turn: optionalKey(turnSection, { help: "TURN servers and their credentials." }),
    watch: optionalKey(watchSection, { help: "Watches of ICE server lists." }),
  }),
  (ice, place) => {
    const at = place.at("turn");
    const given = ice.turn ?? turnSection.read({}, at);
    if (given === undefined) {
      return undefined;
    }
    const { stunUrls } = ice;
    const regions =
      given.regions && completeRegions(given.regions, given, stunUrls, at.at("regions"));
    const turn = { ...given, ...(regions && { regions }) };
    const servers = configureIceServers({ stunUrls, turn: given, regions }, at);
    if (given.probe === undefined && isNeverUsed(servers)) {
      at.warn(
        "ice.turn.managed is never used, because your own TURN servers count as up while nothing probes them: configure ice.turn.probe, or set ice.turn.managedUse to always",
      );
    }
    // Regions have their own.
    const inEffect = regions === undefined ? servers.regions[0].stunUrls : stunUrls;
    return {
      ...ice,
      ...(inEffect && { stunUrls: inEffect }),
      ...((ice.turn !== undefined || place.isDev) && { turn }),
      servers,
    };
  },
);

/** Whether managed servers wait for own ones to fail. */
function isNeverUsed({ managed, regions }: IceServerSettings): boolean {
  return managed?.use === "fallback" && regions.some(({ turn }) => turn !== undefined);
}

export type IceConfig = ValueOf<typeof iceSection>;
