import type { PromotionView, StepView } from "../../api/views.ts";
import { icon, took, when } from "../output/words.ts";
import { displayWidth } from "../output/table.ts";
import { clean, type Terminal } from "../terminal.ts";

/** Shows a promotion on stderr while it runs: a block that is redrawn, or plain lines where nobody looks. */
export interface Progress {
  update(promotion: PromotionView): void;
  say(text: string): void;
  end(): void;
}

export function promotionProgress(terminal: Terminal): Progress {
  return terminal.redraws ? new RedrawnProgress(terminal) : new PlainProgress(terminal);
}

/** A step that takes longer than this is worth a line before it ends. Milliseconds. */
const slowMs = 2_000;

/** One line for each step that has ended, and one for a step that takes its time or waits. */
class PlainProgress implements Progress {
  readonly #terminal: Terminal;
  readonly #said = new Set<string>();
  #promotion: PromotionView | null = null;
  readonly #tick: NodeJS.Timeout;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#tick = setInterval(() => this.#look(), 500);
    this.#tick.unref();
  }

  update(promotion: PromotionView): void {
    this.#promotion = promotion;
    this.#look();
  }

  say(text: string): void {
    this.#terminal.note(text);
  }

  end(): void {
    clearInterval(this.#tick);
  }

  #look(): void {
    if (this.#promotion === null) return;
    for (const step of this.#promotion.steps) {
      const under = step.state === "running" || step.state === "waiting";
      if (step.state === "pending" || (under && !isSlow(step))) continue;
      const key = `${step.index}/${step.attempts}/${under ? "under way" : step.state}`;
      this.#once(key, () => stepLine(this.#terminal, step));
      const waiting = under ? waitingLine(this.#promotion) : null;
      if (waiting !== null) this.#once(waiting, () => `  ${waiting}`);
    }
  }

  #once(key: string, line: () => string): void {
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#terminal.note(line());
  }
}

function isSlow(step: StepView): boolean {
  return step.startedAt !== null && Date.now() - Date.parse(step.startedAt) > slowMs;
}

/** Steps that have ended scroll away; the rest is a block that moves up and down in place. */
class RedrawnProgress implements Progress {
  readonly #terminal: Terminal;
  #drawn = 0;
  #promotion: PromotionView | null = null;
  readonly #tick: NodeJS.Timeout;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#tick = setInterval(() => this.#draw(), 1_000);
    this.#tick.unref();
  }

  update(promotion: PromotionView): void {
    this.#promotion = promotion;
    this.#draw();
  }

  say(text: string): void {
    this.#erase();
    this.#terminal.note(text);
    this.#draw();
  }

  end(): void {
    clearInterval(this.#tick);
  }

  #erase(): void {
    if (this.#drawn > 0) this.#terminal.stderr.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    if (this.#promotion === null) return;
    // A terminal that does not know its size says 0.
    const columns = this.#terminal.stderr.columns || 80;
    const rows = this.#terminal.stderr.rows || 24;
    const waiting = waitingLine(this.#promotion);
    const lines = [
      ...this.#promotion.steps.map((step) => stepLine(this.#terminal, step, columns - 1)),
      ...(waiting === null ? [] : [`  ${cut(waiting, columns - 3)}`]),
    ];
    // More steps than the window has lines: the last ones matter.
    const shown = lines.slice(-Math.max(1, rows - 2));
    this.#erase();
    this.#terminal.stderr.write(shown.map((line) => `${line}\n`).join(""));
    this.#drawn = shown.length;
  }
}

function stepLine(terminal: Terminal, step: StepView, width = 1_000): string {
  const time = step.startedAt === null ? "" : ` (${took(step.startedAt, step.endedAt)})`;
  const again = step.attempts > 1 ? ` [attempt ${step.attempts}]` : "";
  const message =
    step.message === "" || step.state === "done" ? "" : `: ${clean(oneLine(step.message), 400)}`;
  const text = `${clean(step.title)}${again}${time}${message}`;
  return `${icon(terminal, step.state)} ${cut(text, width - 2)}`;
}

/** The end of a service's log may follow on lines of its own: the last word shows those. */
function oneLine(message: string): string {
  return message.split("\n", 1)[0]?.replace(/; its log ends:$/, "") ?? "";
}

function waitingLine({ waiting }: PromotionView): string | null {
  if (waiting === null) return null;
  const until = waiting.until === null ? "" : `, until ${when(waiting.until)}`;
  return clean(`${waiting.reason}: waits for ${waiting.who}${until}`);
}

function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = text.slice(0, Math.max(width, 0));
  while (kept !== "" && displayWidth(kept) > width - 1) kept = kept.slice(0, -1);
  return `${kept}…`;
}
