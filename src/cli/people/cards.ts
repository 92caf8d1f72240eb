import type { SponsorsView, StandingView } from "../../api/routes/people.ts";
import type { Card } from "../output/print.ts";
import { when } from "../output/words.ts";

/** Who stands behind somebody, and whether they are here. */

type Named = SponsorsView["acts"][number]["by"][number];

const namesIn = (people: readonly Named[]) =>
  people.map(({ person, name }) => name ?? person).join(", ");

export function sponsorsCard(view: SponsorsView): Card<SponsorsView> {
  return {
    item: view,
    name: view.person,
    lines: [
      ["name", view.name ?? "(erased)"],
      ["stands in evidence as", view.person],
      ["here", view.absent ?? "yes"],
      ...view.acts.map((act) => ["got", actText(act)] as const),
      [
        "still open",
        view.toVouch === null
          ? "nothing: approvals count on everybody's work but their own, except where whoever vouched had a hand in it too (their signature under its policy is one): another third person vouches then"
          : `${view.toVouch.acts.length}: approvals do not count on the work of whoever is named; a third person lifts that: tidelock person vouch`,
      ],
    ],
  };
}

function actText({ what, at, by, proven, vouched, open }: SponsorsView["acts"][number]): string {
  const who = [
    ...(by.length === 0 ? [] : [namesIn(by)]),
    ...(proven ? [] : ["somebody who is not proven"]),
  ];
  const lifted = vouched.length === 0 ? "" : `; vouched for by ${namesIn(vouched)}`;
  const from = who.length === 0 ? "by themselves" : `from ${who.join(", ")}`;
  return `${what}, ${when(at)}, ${from}${lifted}${open ? " (open)" : ""}`;
}

export function standingCard(view: StandingView): Card<StandingView> {
  return {
    item: view,
    name: view.person,
    lines: [
      ["name", view.name ?? "(erased)"],
      ["here", view.absent ?? "yes"],
      ...view.words.map(
        ({ state, from, reason, by }) =>
          [state, `from ${when(from)}, said ${by}: ${reason}`] as const,
      ),
    ],
  };
}
