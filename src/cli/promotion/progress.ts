import type { PromotionView, StepView } from "../../api/views.ts";
import { icon, took } from "../output/words.ts";
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

/** One line whenever a step or the reason to wait changes. */
class PlainProgress implements Progress {
  readonly #terminal: Terminal;
  readonly #seen = new Map<number, string>();
  #waiting = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  update(promotion: PromotionView): void {
    for (const step of promotion.steps) {
      const key = `${step.state}/${step.attempts}`;
      if (step.state === "pending" || this.#seen.get(step.index) === key) continue;
      this.#seen.set(step.index, key);
      this.#terminal.note(stepLine(this.#terminal, step));
    }
    const waiting = waitingLine(promotion) ?? "";
    if (waiting !== this.#waiting && waiting !== "") this.#terminal.note(`  ${waiting}`);
    this.#waiting = waiting;
  }

  say(text: string): void {
    this.#terminal.note(text);
  }

  end(): void {}
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
    const { columns = 80, rows = 24 } = this.#terminal.stderr;
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
    step.message === "" || step.state === "done" ? "" : `: ${clean(step.message, 400)}`;
  const text = `${clean(step.title)}${again}${time}${message}`;
  return `${icon(terminal, step.state)} ${cut(text, width - 2)}`;
}

function waitingLine({ waiting }: PromotionView): string | null {
  if (waiting === null) return null;
  const until = waiting.until === null ? "" : ` (until ${waiting.until})`;
  return clean(`waits for ${waiting.who}: ${waiting.reason}${until}`);
}

function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = text.slice(0, width);
  while (displayWidth(kept) > width - 1) kept = kept.slice(0, -1);
  return `${kept}…`;
}
