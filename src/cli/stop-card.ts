import type { StopView } from "../api/routes/stops.ts";
import { when } from "./output/words.ts";

/** A stopped line or a ban, as commands print it. */
export function stopCard(stop: StopView) {
  const { id, kind, scope, reason, by, at, cleared, leftOut } = stop;
  return {
    item: stop,
    name: id,
    lines: [
      [kind === "line" ? "stopped" : "banned", `${scope} (${id})`],
      ["what", kind === "line" ? null : banText(stop)],
      [
        "not by itself",
        leftOut.length === 0
          ? null
          : `${leftOut.join(", ")}: a release that counts as good has it too (--artifact bans it all the same)`,
      ],
      ["reason", reason],
      ["by", `${by}, ${when(at)}`],
      [
        "cleared",
        cleared === null ? "no" : `${cleared.reason} (${cleared.by}, ${when(cleared.at)})`,
      ],
    ] as const,
  };
}

function banText({ artifacts, parts, revision }: StopView): string {
  const names = artifacts.join(", ");
  const held =
    parts === "any"
      ? `whatever has ${artifacts.length > 1 ? "any of " : ""}${names}`
      : `whatever has all of ${names}`;
  return revision === null ? held : `${held}, or is made of revision ${revision.slice(0, 12)}`;
}
