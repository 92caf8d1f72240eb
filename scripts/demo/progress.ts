import type { PromotionView, StepView } from "../../src/api/views.ts";

export interface Progress {
  /** What happens outside a promotion. */
  say(line: string): void;
  /** The newest state of a promotion, as often as it is known. `note` stands beside it, e.g. the load. */
  promotion(view: PromotionView, note?: string): void;
  /** No more redrawing: whatever comes next is printed below. */
  end(): void;
}

const marks = {
  pending: " ",
  running: ">",
  waiting: "?",
  done: "+",
  failed: "x",
  compensated: "<",
  skipped: "-",
} as const;

/** Redraws one promotion's steps in place on a terminal; elsewhere prints a line for each finished step. */
export function createProgress(output: NodeJS.WriteStream): Progress {
  return output.isTTY && process.env["TERM"] !== "dumb"
    ? new LiveProgress(output)
    : new PlainProgress(output);
}

const title = (view: PromotionView): string =>
  `${view.service} ${view.release.version} to ${view.environment}`;

function stepTime(step: StepView): string {
  if (!step.startedAt || !step.endedAt) return "";
  const ms = Date.parse(step.endedAt) - Date.parse(step.startedAt);
  return `${(ms / 1000).toFixed(1)} s`;
}

class PlainProgress implements Progress {
  readonly #output: NodeJS.WriteStream;
  readonly #printed = new Set<string>();

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  say(line: string): void {
    this.#output.write(`${line}\n`);
  }

  promotion(view: PromotionView): void {
    for (const step of view.steps) {
      const over = step.state !== "pending" && step.state !== "running" && step.state !== "waiting";
      const key = `${view.id}/${step.index}`;
      if (!over || this.#printed.has(key)) continue;
      this.#printed.add(key);
      const cause = step.state === "failed" ? `: ${step.message}` : "";
      this.say(`${title(view)}: ${step.title}: ${step.state} ${stepTime(step)}${cause}`.trimEnd());
    }
  }

  end(): void {}
}

class LiveProgress implements Progress {
  readonly #output: NodeJS.WriteStream;
  #drawn = 0;
  #promotion = "";

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  say(line: string): void {
    this.end();
    this.#output.write(`${line}\n`);
  }

  promotion(view: PromotionView, note = ""): void {
    // A finished promotion leaves one line; the steps of the next one are drawn below it.
    if (view.id !== this.#promotion) this.end();
    this.#promotion = view.id;
    const steps = view.steps.map((step) => {
      const text = `  ${marks[step.state]} ${step.title}`;
      return step.state === "failed" ? `${text}: ${step.message}` : text;
    });
    const begun = view.startedAt ? Date.parse(view.startedAt) : Date.now();
    const until = view.endedAt ? Date.parse(view.endedAt) : Date.now();
    const seconds = ((until - begun) / 1000).toFixed(1);
    const head = `${title(view)}: ${view.state} ${seconds} s${note === "" ? "" : `, ${note}`}`;
    this.#draw(view.endedAt && view.state === "complete" ? [head] : [head, ...steps]);
  }

  end(): void {
    this.#drawn = 0;
    this.#promotion = "";
  }

  #draw(lines: readonly string[]): void {
    const width = Math.max(20, (this.#output.columns || 80) - 1);
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[J` : "";
    // A line that wraps would be two, and the next redraw would start one too low.
    this.#output.write(`${up}${lines.map((line) => line.slice(0, width)).join("\n")}\n`);
    this.#drawn = lines.length;
  }
}
