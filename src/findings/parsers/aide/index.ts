import { z } from "zod";
import type { Format } from "../format.ts";
import { count, fieldOf, wholeness, words } from "../loose.ts";
import { type Change, differenceOf, draftOf, instantOf } from "./entry.ts";

const Frame = z.object({
  outline: words,
  start_time: words,
  aide_version: words,
  number_of_entries: z
    .object({ total: count, added: count, removed: count, changed: count })
    .nullish(),
});

const changes: readonly Change[] = ["added", "removed", "changed"];

/**
 * AIDE's report in JSON (`report_format=json`, since 0.18): a path that was added, removed or changed is a hit. A
 * report that counts more than it shows (`report_level=minimal` and `summary`) is incomplete.
 */
export const aide: Format = {
  id: "aide",
  title: "AIDE (JSON)",
  syntax: "json",
  items: [
    ...changes.map((change) => ({ path: [change, "*"] })),
    { path: ["details", "*"] },
    { path: ["databases", "*"] },
  ],
  recognise: (sample) =>
    sample.syntax === "json" && String(fieldOf(sample.value, "outline")).startsWith("AIDE "),
  open(frame) {
    const { outline, start_time, aide_version, number_of_entries: numbers } = Frame.parse(frame);
    if (!outline.startsWith("AIDE ")) throw new Error("it is no report of AIDE");
    const seen = { added: 0, removed: 0, changed: 0 };
    const stated = {
      added: numbers?.added ?? 0,
      removed: numbers?.removed ?? 0,
      changed: numbers?.changed ?? 0,
    };
    const madeAt = instantOf(start_time);
    return {
      item(value, at) {
        const change = changes[at.item];
        if (change === undefined) return [];
        seen[change] += 1;
        const flags = typeof value === "string" ? value : "";
        return [draftOf(change, String(at.keys[0] ?? ""), flags)];
      },
      end: () => ({
        tool: { name: "aide", version: aide_version || "unknown" },
        ...(madeAt === undefined ? {} : { madeAt }),
        ...(numbers?.total ? { exercised: { assertions: numbers.total } } : {}),
        ...wholeness(differenceOf(outline, stated, seen)),
      }),
    };
  },
};
