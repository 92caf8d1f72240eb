import type { ManualRequestView, PersonView } from "../../api/routes/manual.ts";
import type { Card } from "../output/print.ts";
import { spanText, when } from "../output/words.ts";

/** What people are asked, and what came of it. */
export function requestCard(view: ManualRequestView): Card<ManualRequestView> {
  const { answer, form, colour } = view;
  return {
    item: view,
    name: view.id,
    lines: [
      ["request", view.id],
      ["check", `${view.check} (${form.kind}, for the role ${view.role})`],
      [
        "about",
        `${view.service}@${view.release.version ?? "?"} in ${view.environment}${colour === null ? "" : ` on ${colour}`}`,
      ],
      ["promotion", view.promotion],
      ["state", view.state],
      ["answer until", when(view.answerUntil)],
      ["who may", view.state === "open" ? view.holders.join(", ") || "nobody yet" : null],
      ["addresses", view.addresses.length === 0 ? null : view.addresses.join(", ")],
      ...(form.kind === "checklist" ? form.items.map(itemLine) : []),
      ["charter", form.kind === "session" ? form.charter : null],
      ["look at", form.kind === "session" ? form.areas.join("; ") || null : null],
      ["time", form.kind === "session" ? timeText(form) : null],
      ["session begun", form.kind === "session" ? begunText(view) : null],
      ["answered by", answer === null ? null : `${answer.name ?? "(erased)"} ${answer.person}`],
      ["answered", answer === null ? null : when(answer.answeredAt)],
      ["counts until", answer === null ? null : when(answer.validUntil)],
      ["own work", answer?.separation ?? null],
      ["used again from", answer?.reuses ?? null],
    ],
  };
}

type Form = ManualRequestView["form"];

/** What is asked, in a line: the first question of a checklist, or a session's charter. */
export function questionText(form: Form, width: number): string {
  const [first, ...others] = form.kind === "checklist" ? form.items : [];
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  const text = form.kind === "checklist" ? (first?.text ?? "") : form.charter;
  const room = width - more.length;
  return `${text.length > room ? `${text.slice(0, room - 1)}…` : text}${more}`;
}

/** A question of a checklist, and what an answer to it has to bring. */
function itemLine(
  item: Extract<Form, { kind: "checklist" }>["items"][number],
): readonly [string, string] {
  const notes = [
    item.severity,
    ...(item.evidence ? ["name what shows it"] : []),
    ...(item.comment ? ["write something about it"] : []),
    ...(item.notApplicable ? [] : ["always applies"]),
  ];
  return ["asks", `${item.id}: ${item.text} (${notes.join(", ")})`];
}

function timeText({ atLeast, timeBox }: { atLeast: number; timeBox: number }): string {
  const least = atLeast > 0 ? `at least ${spanText(atLeast)}, ` : "";
  return `${least}at most ${spanText(timeBox)}`;
}

function begunText({ id, state, begunAt, ranMs }: ManualRequestView): string | null {
  if (begunAt === null) {
    return state === "open" ? `not yet: tidelock check begin ${id.slice(0, 12)}` : null;
  }
  const ran = typeof ranMs !== "number" ? "" : `, ran ${spanText(ranMs)} by the server's clock`;
  return `${when(begunAt)}${ran}`;
}

export function personCard(view: PersonView): Card<PersonView> {
  const keys = view.keys.filter(({ removedAt }) => removedAt === null);
  const grants = view.grants.filter(({ removedAt }) => removedAt === null);
  return {
    item: view,
    name: view.person,
    lines: [
      ["name", view.name ?? "(erased)"],
      ["also", view.also.join(", ") || null],
      ["stands in evidence as", view.person],
      ["keys", keys.map(keyText).join(", ") || "none"],
      ["rights", grants.map(grantText).join(", ") || "none"],
    ],
  };
}

/** What was given just now, or asked for; programs get all of the person. */
export function givenCard(
  view: PersonView,
  asked: Pick<PersonView["grants"][number], "right" | "service" | "environment">,
): Card<PersonView> {
  const given = view.grants.find(
    ({ right, service, environment, removedAt }) =>
      removedAt === null &&
      right === asked.right &&
      service === asked.service &&
      environment === asked.environment,
  );
  const waits = view.waitsFor !== undefined;
  return {
    item: view,
    name: view.person,
    lines: [
      [waits ? "asked for" : "given", asked.right],
      ["to", `${view.name ?? "(erased)"} ${view.person}`],
      ["where", placeText(asked)],
      ["id", waits ? null : (given?.id ?? null)],
      ["proposal", view.waitsFor ?? null],
    ],
  };
}

function keyText({ id, signs, fingerprint }: PersonView["keys"][number]): string {
  if (signs === undefined) return id;
  return `${id} (${fingerprint === undefined ? "" : `${fingerprint}, `}signs ${signs} only)`;
}

/** `checks.answer:qa for shop in staging (g12ab)`. */
export function grantText(grant: PersonView["grants"][number]): string {
  return `${grant.right} for ${placeText(grant)} (${grant.id})`;
}

function placeText({
  service,
  environment,
}: Pick<PersonView["grants"][number], "service" | "environment">): string {
  return `${service ?? "every service"} in ${environment ?? "every environment"}`;
}
