import type { PromotionView, StepView } from "../../api/views.ts";
import type { Outcome } from "../../model/decision.ts";
import type { Terminal } from "../terminal.ts";

/** A status is an icon, a word and a colour, so that none of them has to be seen alone. */

type State = PromotionView["state"] | StepView["state"] | Outcome | "ok" | "warn" | "fail";

const looks: Readonly<
  Record<State, readonly [icon: string, colour: "green" | "red" | "yellow" | "cyan" | "gray"]>
> = {
  complete: ["✓", "green"],
  done: ["✓", "green"],
  allow: ["✓", "green"],
  ok: ["✓", "green"],
  failed: ["✗", "red"],
  fail: ["✗", "red"],
  deny: ["✗", "red"],
  "rolled-back": ["↩", "red"],
  aborted: ["■", "yellow"],
  superseded: ["■", "gray"],
  compensated: ["↩", "yellow"],
  waiting: ["…", "yellow"],
  wait: ["…", "yellow"],
  "break-glass": ["⚠", "red"],
  warn: ["!", "yellow"],
  running: ["▸", "cyan"],
  queued: ["·", "gray"],
  pending: ["·", "gray"],
  skipped: ["-", "gray"],
};

export function icon(
  terminal: Terminal,
  state: State,
  stream: "stdout" | "stderr" = "stderr",
): string {
  const [sign, colour] = looks[state];
  return terminal.style(colour, sign, stream);
}

export function stateWord(state: State): string {
  return `${looks[state][0]} ${state}`;
}

/** `2026-11-01 12:00:05Z`: the same on every machine. */
export function when(time: string | null): string {
  if (time === null) return "-";
  const date = new Date(time);
  return Number.isNaN(date.getTime())
    ? time
    : date
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, "Z");
}

/** What somebody outside said last, in a word. */
export function answerWord(answer: { readonly trouble: string | null } | null): string {
  if (answer === null) return "not asked";
  return answer.trouble === null ? "well" : "trouble";
}

/** `1.2 s`, `3 m 20 s` */
export function took(from: string | null, until: string | null): string {
  if (from === null) return "-";
  const end = until === null ? Date.now() : Date.parse(until);
  return spanText(Math.max(0, end - Date.parse(from)));
}

export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} m ${Math.floor((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} m`;
  const rest = hours % 24;
  return rest === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${rest} h`;
}

export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
