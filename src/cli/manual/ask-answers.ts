import { createInterface, type Interface } from "node:readline/promises";
import { TidelockError } from "../../model/errors.ts";
import type {
  ItemAnswer,
  ManualAnswers,
  ManualForm,
  SessionFinding,
} from "../../model/manual-check.ts";
import { Severity } from "../../model/observation.ts";
import type { CommandContext } from "../context.ts";
import { clean } from "../terminal.ts";

/** Asks one question after the other in a terminal. Throws `invalid-input` where there is none. */
export async function askAnswers(
  context: CommandContext,
  form: ManualForm,
): Promise<ManualAnswers> {
  const { terminal, signal } = context;
  if (!terminal.interactive) {
    throw new TidelockError("invalid-input", "nobody is here to answer", {
      fault: "operator",
      hint: "give a file: --file answers.yaml; --template prints one to fill in",
    });
  }
  const reader = createInterface({ input: terminal.stdin, output: terminal.stderr });
  // readline keeps Ctrl-C to itself; here it means what it means everywhere.
  reader.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const ask = new Asking(reader, signal, (text) => terminal.note(clean(text, 4_000)));
  try {
    return form.kind === "checklist" ? await checklist(ask, form) : await session(ask, form);
  } finally {
    reader.close();
  }
}

class Asking {
  readonly #reader: Interface;
  readonly #signal: AbortSignal;
  readonly say: (text: string) => void;

  constructor(reader: Interface, signal: AbortSignal, say: (text: string) => void) {
    this.#reader = reader;
    this.#signal = signal;
    this.say = say;
  }

  async text(question: string, needed = false): Promise<string> {
    for (;;) {
      const answer = await this.#reader.question(`  ${question}: `, { signal: this.#signal });
      if (answer.trim() !== "" || !needed) return answer.trim();
    }
  }

  async choice<C extends string>(question: string, choices: readonly C[]): Promise<C> {
    for (;;) {
      const given = await this.text(`${question} (${choices.join(", ")})`, true);
      const found = choices.find((one) => one === given) ?? only(choices, given);
      if (found !== undefined) return found;
    }
  }
}

/** `p` for `pass`. */
function only<C extends string>(choices: readonly C[], given: string): C | undefined {
  const fit = choices.filter((one) => one.startsWith(given));
  return fit.length === 1 ? fit[0] : undefined;
}

async function checklist(
  ask: Asking,
  form: Extract<ManualForm, { kind: "checklist" }>,
): Promise<ManualAnswers> {
  const items: ItemAnswer[] = [];
  for (const [index, item] of form.items.entries()) {
    ask.say(`${index + 1} of ${form.items.length}: ${item.text}`);
    const choices: readonly ItemAnswer["result"][] = item.notApplicable
      ? ["pass", "fail", "not-applicable"]
      : ["pass", "fail"];
    const result = await ask.choice("result", choices);
    const passed = result === "pass";
    const evidence =
      passed && item.evidence
        ? [await ask.text("what shows it (a link, a ticket, file:name.png)", true)]
        : [];
    const comment = await ask.text(passed ? "comment" : "why", !passed || item.comment);
    items.push({
      id: item.id,
      result,
      ...(comment === "" ? {} : { comment }),
      ...(evidence.length === 0 ? {} : { evidence }),
    });
  }
  return { kind: "checklist", items };
}

async function session(
  ask: Asking,
  form: Extract<ManualForm, { kind: "session" }>,
): Promise<ManualAnswers> {
  ask.say(`Charter: ${form.charter}`);
  const minutes = Number.parseInt(await ask.text("minutes that you spent", true), 10);
  const covered: string[] = [];
  for (const area of form.areas) {
    if ((await ask.choice(`looked at "${area}"`, ["yes", "no"])) === "yes") covered.push(area);
  }
  for (;;) {
    const more = await ask.text(
      "what else you looked at (empty: that is all)",
      covered.length === 0,
    );
    if (more === "") break;
    covered.push(more);
  }
  const findings: SessionFinding[] = [];
  for (;;) {
    const title = await ask.text("finding (empty: no more)");
    if (title === "") break;
    const severity = await ask.choice("severity", Severity.options);
    const place = await ask.text("where (GET /orders/{id}, a page, a file)", true);
    const description = await ask.text("what is wrong", true);
    const replay = await ask.text("how to see it again");
    findings.push({ severity, title, place, description, ...(replay === "" ? {} : { replay }) });
  }
  return { kind: "session", minutes: Number.isNaN(minutes) ? 0 : minutes, covered, findings };
}
