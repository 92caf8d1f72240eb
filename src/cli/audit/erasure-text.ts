import type { ErasureView, HoldView } from "../../api/views.ts";
import type { Card, Column } from "../output/print.ts";
import { when } from "../output/words.ts";

export function erasedThing({ entry, pseudonym }: ErasureView): string {
  return entry === null ? `who ${pseudonym} is` : `entry ${entry}`;
}

export function erasureCard(erasure: ErasureView): Card<ErasureView> {
  const { id, reason, requestedAt, requestedBy, confirmedAt, confirmedBy } = erasure;
  return {
    item: erasure,
    name: id,
    lines: [
      ["erasure", id],
      ["of", erasedThing(erasure)],
      ["reason", reason],
      ["asked for", `${when(requestedAt)} by ${requestedBy}`],
      [
        "confirmed",
        confirmedAt === null
          ? `not yet: another person runs \`tidelock ledger erase confirm ${id}\``
          : `${when(confirmedAt)} by ${confirmedBy}; it is erased`,
      ],
    ],
  };
}

export const erasureColumns: readonly Column<ErasureView>[] = [
  { title: "id", value: ({ id }) => id },
  { title: "of", value: erasedThing },
  { title: "asked for", value: ({ requestedAt }) => when(requestedAt) },
  { title: "by", value: ({ requestedBy }) => requestedBy },
  { title: "confirmed", value: ({ confirmedAt }) => when(confirmedAt) },
  { title: "by", wide: true, value: ({ confirmedBy }) => confirmedBy ?? "-" },
  { title: "reason", value: ({ reason }) => reason },
];

export function holdCard(hold: HoldView): Card<HoldView> {
  return {
    item: hold,
    name: hold.id,
    lines: [
      ["hold", hold.id],
      ["on", hold.stream ?? "everything"],
      ["reason", hold.reason],
      ["since", `${when(hold.addedAt)} by ${hold.addedBy}`],
    ],
  };
}
