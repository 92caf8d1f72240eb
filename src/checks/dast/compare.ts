import type { Exchange } from "../exchange.ts";
import { escapeHtml } from "../probing/html.ts";
import { encode } from "../probing/operation.ts";

/** What of an answer can be compared with another one: status and words, without what changes by itself. */
export interface Look {
  readonly status: number;
  readonly words: readonly string[];
  readonly text: string;
}

const mostText = 200_000;

/** @param echoes what was sent, and may therefore stand in the answer without meaning anything */
export function lookAt(answer: Exchange, echoes: readonly string[] = []): Look {
  let text = answer.body.slice(0, mostText);
  const forms = echoes
    .filter((echo) => echo.length >= 2)
    .flatMap((echo) => [
      echo,
      escapeHtml(echo),
      escapeHtml(echo).replaceAll("&#39;", "&#x27;"),
      escapeHtml(echo).replaceAll("&#39;", "'"),
      encode(echo),
      encode(echo).replaceAll("%20", "+"),
      JSON.stringify(echo).slice(1, -1),
    ])
    .sort((a, b) => b.length - a.length);
  for (const form of new Set(forms)) text = text.replaceAll(form, "");
  text = text
    .replaceAll(/\b\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\b/g, "TIME")
    .replaceAll(/\b[0-9a-f]{16,}\b/gi, "HEX")
    .replaceAll(/\b\d{4,}(\.\d+)?\b/g, "NUMBER")
    .replaceAll(/\b\d+\.\d{3,}\b/g, "NUMBER")
    .replaceAll(/[A-Za-z0-9_-]{30,}/g, "TOKEN");
  return { status: answer.status, text, words: text.split(/[^\p{L}\p{N}_]+/u).filter(Boolean) };
}

/** 1 for the same words, 0 for none in common (Dice over multisets). A different status is no likeness. */
export function likeness(a: Look, b: Look): number {
  if (a.status !== b.status) return 0;
  if (a.text === b.text) return 1;
  const total = a.words.length + b.words.length;
  if (total === 0) return 1;
  const counts = new Map<string, number>();
  for (const word of a.words) counts.set(word, (counts.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of b.words) {
    const left = counts.get(word) ?? 0;
    if (left > 0) {
      common += 1;
      counts.set(word, left - 1);
    }
  }
  return (2 * common) / total;
}

/** How alike two answers to the same request are decides what counts as the same, and as different. */
export class Scale {
  readonly #stability: number;

  constructor(first: Look, second: Look) {
    this.#stability = likeness(first, second);
  }

  /** Of a page that is never the same twice nothing can be said. */
  get usable(): boolean {
    return this.#stability >= 0.9;
  }

  same(a: Look, b: Look): boolean {
    return likeness(a, b) >= (this.#stability === 1 ? 1 : this.#stability - 0.01);
  }

  different(a: Look, b: Look): boolean {
    const alike = likeness(a, b);
    return this.#stability === 1 ? alike < 1 : alike < this.#stability - 0.05;
  }
}
