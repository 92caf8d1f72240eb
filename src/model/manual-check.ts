import { z } from "zod";
import { Severity } from "./observation.ts";
import { Duration, Name } from "./primitives.ts";

/**
 * What a person is asked, and what a person answers. The form is frozen when somebody is asked; its digest is
 * part of what is signed, so that nobody's answer stands for other questions.
 */

/** No control characters: it is shown in terminals, and its digest is signed. */
const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, "write one line without control characters");
const text = (most: number) =>
  z
    .string()
    .max(most)
    // oxlint-disable-next-line no-control-regex -- line breaks and tabs only
    .regex(/^(?:[^\p{Cc}\p{Cf}]|[\n\t])*$/u, "no control characters but line breaks and tabs");

/** Who may answer: a right in a service and environment, `checks.answer:<role>`. */
export const Role = Name;

export const ChecklistItem = z.strictObject({
  id: Name,
  text: line(1_000),
  /** What a `fail` of it is worth, held against `failOn` and `warnOn`. */
  severity: Severity.default("high"),
  /** Whoever passes it names what shows it: a link, a ticket, a file by digest. */
  evidence: z.boolean().default(false),
  /** Whoever passes it writes something about it. */
  comment: z.boolean().default(false),
  /** Whether "it does not apply here" is an answer. */
  notApplicable: z.boolean().default(true),
});
export type ChecklistItem = z.infer<typeof ChecklistItem>;

const both = {
  /** Who is asked. */
  role: Role,
  /** How long an answer counts, from the moment in which it arrived. */
  validFor: Duration.default(7 * 86_400_000),
  /** How long the promotion waits for one. */
  answerWithin: Duration.default(7 * 86_400_000),
  /** Whether a later promotion of the same release, configuration, colour and form may use a passing answer. */
  reuse: z.enum(["same", "never"]).default("same"),
} as const;

export const checklistFields = {
  kind: z.literal("checklist"),
  ...both,
  items: z
    .array(ChecklistItem)
    .min(1)
    .max(100)
    .refine((items) => new Set(items.map(({ id }) => id)).size === items.length, {
      message: "every item has an id of its own",
    }),
} as const;

export const sessionFields = {
  kind: z.literal("session"),
  ...both,
  /** What the session is for. */
  charter: line(2_000),
  /** Longest time that may be claimed. */
  timeBox: Duration.default(90 * 60_000),
  /** A shorter session proves too little. */
  atLeast: Duration.default(0),
  /** What has to be looked at; the session may cover more. */
  areas: z.array(line(200)).max(50).default([]),
  /** The expert only looks: then it may meet users. */
  passive: z.boolean().default(false),
} as const;

/** What is asked, without the thresholds by which the answer is judged. */
export const ManualForm = z.discriminatedUnion("kind", [
  z.strictObject({ ...checklistFields, ...parsedTimes() }),
  z.strictObject({
    ...sessionFields,
    ...parsedTimes(),
    timeBox: z.int().positive(),
    atLeast: z.int().nonnegative(),
  }),
]);
export type ManualForm = z.infer<typeof ManualForm>;

/** A form is kept as parsed: durations are milliseconds. */
function parsedTimes() {
  return { validFor: z.int().positive(), answerWithin: z.int().positive() };
}

export const ItemAnswer = z.strictObject({
  id: Name,
  result: z.enum(["pass", "fail", "not-applicable"]),
  /** Why it failed or does not apply; else what there is to say. */
  comment: text(4_000).optional(),
  evidence: z.array(line(1_000)).max(20).optional(),
});
export type ItemAnswer = z.infer<typeof ItemAnswer>;

export const SessionFinding = z.strictObject({
  severity: Severity,
  title: line(300),
  /** Where: `POST /orders/{id}`, a page, a file, a component. */
  place: line(500),
  description: text(8_000),
  /** How to see it again, step by step. */
  replay: text(8_000).optional(),
});
export type SessionFinding = z.infer<typeof SessionFinding>;

export const ManualAnswers = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("checklist"),
    items: z.array(ItemAnswer).min(1).max(100),
    comment: text(4_000).optional(),
  }),
  z.strictObject({
    kind: z.literal("session"),
    /** Really spent, by the person's own word; held against the server's clock. */
    minutes: z.int().positive().max(100_000),
    /** What was looked at. */
    covered: z.array(line(200)).min(1).max(100),
    findings: z.array(SessionFinding).max(200),
    notes: text(8_000).optional(),
  }),
]);
export type ManualAnswers = z.infer<typeof ManualAnswers>;

/** Why these answers are none to this form, in whole sentences; empty when they are. Pure. */
export function answerProblems(form: ManualForm, answers: ManualAnswers): readonly string[] {
  if (form.kind === "checklist" && answers.kind === "checklist") {
    return checklistProblems(form.items, answers.items);
  }
  if (form.kind === "session" && answers.kind === "session") {
    const { timeBox, areas } = form;
    const over = answers.minutes * 60_000 > timeBox;
    const open = areas.filter((area) => !answers.covered.includes(area));
    return [
      ...(over
        ? [
            `${answers.minutes} minutes are more than the time box of ${timeBox / 60_000}: say what you found within it, and ask for another session`,
          ]
        : []),
      ...open.map((area) => `the area "${area}" is not among those covered`),
    ];
  }
  return [`a ${form.kind} is asked for, and this answers a ${answers.kind}`];
}

/**
 * Why an answer to a session proves too little to be taken, in one sentence; null when it is long enough. Pure.
 *
 * @param ranMs since the session was begun, by the server's clock; null when nobody began it
 * @param minutes as the person says, once that is known
 */
export function sessionProblem(
  form: ManualForm,
  ranMs: number | null,
  minutes: number | null,
): string | null {
  if (form.kind !== "session") return null;
  const { atLeast } = form;
  if (ranMs === null) return "the session was not begun, so its time is not known";
  if (ranMs < atLeast) {
    return `the session has run ${timeText(ranMs)} by the server's clock, and at least ${timeText(atLeast)} are asked for: ${timeText(Math.max(1_000, atLeast - ranMs))} are left`;
  }
  if (minutes !== null && minutes * 60_000 < atLeast) {
    return `the answer says ${minutes} min, and at least ${timeText(atLeast)} are asked for`;
  }
  return null;
}

/** What to do about a `sessionProblem`. */
export function sessionHint(request: string, promotion: string, ranMs: number | null): string {
  return ranMs === null
    ? `begin it: tidelock check begin ${request.slice(0, 12)}`
    : `nothing was recorded: go on, and answer when the time is over; to end the promotion now: tidelock promotion abort ${promotion}`;
}

function timeText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

function checklistProblems(
  items: readonly ChecklistItem[],
  answers: readonly ItemAnswer[],
): readonly string[] {
  const problems: string[] = [];
  for (const { id } of answers) {
    if (!items.some((item) => item.id === id)) problems.push(`there is no item ${id}`);
  }
  for (const item of items) {
    const given = answers.filter(({ id }) => id === item.id);
    const [answer] = given;
    if (!answer) problems.push(`the item ${item.id} has no answer`);
    else if (given.length > 1) problems.push(`the item ${item.id} is answered twice`);
    else problems.push(...itemProblems(item, answer));
  }
  return problems;
}

function itemProblems(item: ChecklistItem, answer: ItemAnswer): readonly string[] {
  const said = (answer.comment ?? "").trim() !== "";
  switch (answer.result) {
    case "pass":
      return [
        ...(item.evidence && (answer.evidence ?? []).length === 0
          ? [`the item ${item.id} passes only with evidence: name what shows it`]
          : []),
        ...(item.comment && !said ? [`the item ${item.id} passes only with a comment`] : []),
      ];
    case "fail":
      return said ? [] : [`the item ${item.id} failed: write why`];
    case "not-applicable":
      return [
        ...(item.notApplicable ? [] : [`the item ${item.id} always applies: pass or fail it`]),
        ...(said ? [] : [`the item ${item.id} does not apply: write why`]),
      ];
  }
}
