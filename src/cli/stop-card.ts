import type { StopView } from "../api/routes-stops.ts";
import { when } from "./output/words.ts";

/** A stopped line or a ban, as commands print it. */
export function stopCard(stop: StopView) {
  const { id, kind, scope, reason, by, at, cleared } = stop;
  return {
    item: stop,
    name: id,
    lines: [
      [kind === "line" ? "stopped" : "banned", `${scope} (${id})`],
      ["reason", reason],
      ["by", `${by}, ${when(at)}`],
      [
        "cleared",
        cleared === null ? "no" : `${cleared.reason} (${cleared.by}, ${when(cleared.at)})`,
      ],
    ] as const,
  };
}
