import { cvePattern, type EpssRecord, type FeedHead } from "../../model/feed.ts";

/**
 * EPSS as FIRST publishes it every day (`epss_scores-YYYY-MM-DD.csv`): a line with the model and the date, a header,
 * and a line a CVE. Fed line by line; pure. Throws an Error whose message names the line for whatever is not that.
 *
 * Source: https://www.first.org/epss/data_stats
 */
export class EpssReader {
  #line = 0;
  #head: FeedHead | null = null;
  #header = false;
  readonly #seen = new Set<string>();

  /** The record that stands in the line; null where it holds none. */
  take(text: string): EpssRecord | null {
    this.#line += 1;
    const line = text.replace(/\r$/, "");
    if (this.#line === 1) {
      this.#head = headOf(line.replace(/^\uFEFF/, ""));
      return null;
    }
    if (!this.#header) {
      if (line !== "cve,epss,percentile")
        throw this.#wrong("expected the header cve,epss,percentile");
      this.#header = true;
      return null;
    }
    if (line === "") return null;
    const [cve = "", epss, percentile, ...more] = line.split(",");
    if (!cvePattern.test(cve) || more.length > 0)
      throw this.#wrong("expected a CVE and two numbers");
    if (this.#seen.has(cve)) throw this.#wrong(`${cve} stands in it twice`);
    this.#seen.add(cve);
    return { cve, epss: this.#share(epss), percentile: this.#share(percentile) };
  }

  /** What it says of itself, once its first line was taken. */
  get head(): FeedHead {
    if (this.#head === null || !this.#header) throw this.#wrong("it ends before its first record");
    return this.#head;
  }

  #share(text: string | undefined): number {
    const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
    if (value >= 0 && value <= 1) return value;
    throw this.#wrong("expected numbers from 0 to 1");
  }

  #wrong(why: string): Error {
    return new Error(`EPSS, line ${this.#line}: ${why}`);
  }
}

function headOf(line: string): FeedHead {
  const [, version, date] =
    /^#model_version:([\w.-]{1,64}),score_date:(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:?\d{2}))$/.exec(
      line,
    ) ?? [];
  const time = Date.parse((date ?? "").replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  if (version === undefined || Number.isNaN(time)) {
    throw new Error("EPSS, line 1: expected #model_version:…,score_date:…, as FIRST writes it");
  }
  return { asOf: new Date(time).toISOString(), version };
}
