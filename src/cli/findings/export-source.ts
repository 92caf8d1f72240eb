import type { Client } from "../../api/client.ts";
import type { FindingSummary } from "../../api/finding-views.ts";
import { type ExportedFinding, exportedOf } from "../../findings/exports/exported.ts";

/** Calls under way at once: quick on a long list, and little for the server. */
const together = 8;

/**
 * Every finding that a list holds, with its details, page by page. What changes meanwhile may move to a page that was
 * passed: `left` says afterwards how many of those that were counted at the beginning did not come.
 */
export class ExportSource {
  readonly #client: Client;
  readonly #query: Readonly<Record<string, string>>;
  readonly #seen = new Set<string>();
  #total = 0;

  constructor(client: Client, query: Readonly<Record<string, string>>) {
    this.#client = client;
    this.#query = query;
  }

  get written(): number {
    return this.#seen.size;
  }

  get left(): number {
    return Math.max(0, this.#total - this.#seen.size);
  }

  async *findings(): AsyncIterable<ExportedFinding> {
    let after: string | undefined;
    do {
      const page = await this.#client.call("findingList", {
        query: { ...this.#query, limit: 500, after },
      });
      this.#total = Math.max(this.#total, page.total);
      const news = page.items.filter(({ id }) => !this.#seen.has(id));
      for (let at = 0; at < news.length; at += together) {
        yield* await this.#details(news.slice(at, at + together));
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  async #details(items: readonly FindingSummary[]): Promise<readonly ExportedFinding[]> {
    const views = await Promise.all(
      items.map(({ id }) => this.#client.call("findingShow", { params: { id } })),
    );
    for (const { id } of views) this.#seen.add(id);
    return views.map(exportedOf);
  }
}
