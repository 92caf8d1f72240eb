import { type Format, isRecord, type Sample } from "../parsers/format.ts";
import { formats } from "../parsers/formats.ts";
import { Decoder } from "./decode.ts";
import { reportError } from "./report-error.ts";
import { type Sampler, samplerOf, type Samples, TextSampler } from "./sampler.ts";
import { partsOf, type Source } from "./source.ts";

/**
 * Which format a report is of, by its content alone. Exactly one fits, or it is refused with what was seen: guessing
 * would read a report by rules that are not its own.
 */
export async function detectFormat(
  source: Source,
  among: readonly Format[] = formats,
): Promise<Format> {
  const looking = new Looking();
  for await (const chunk of source.open()) {
    for (const part of partsOf(chunk)) if (!looking.done) looking.write(part);
    if (looking.done) break;
  }
  return formatOf(looking.samples(), among);
}

/** The same for a text that is held as a whole. */
export function detectText(text: string, among: readonly Format[] = formats): Format {
  const looking = new Looking();
  for (const part of partsOf(Buffer.from(text))) if (!looking.done) looking.write(part);
  return formatOf(looking.samples(), among);
}

/** Of several formats' word for one report: exactly one, or an error that a person can act on. */
function formatOf(samples: Samples, among: readonly Format[]): Format {
  const of = (sample: Sample) =>
    among.filter((format) => sample.syntax === format.syntax && recognises(format, sample));
  // A single document is also one value of many: a format of documents goes before one of values.
  const documents = samples.filter(({ syntax }) => syntax === "json").flatMap(of);
  const fitting = documents.length > 0 ? documents : samples.flatMap(of);
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only;
  const ids = (list: readonly Format[]) => list.map(({ id }) => id).join(", ");
  if (only !== undefined) {
    throw reportError(`it may be of several formats: ${ids(fitting)}`, {
      hint: "Say which one it is with --format.",
    });
  }
  throw reportError(`it is of no format that is known here: ${describe(samples)}`, {
    hint: "Say which one it is with --format; all of them: tidelock findings formats",
  });
}

function recognises(format: Format, sample: Sample): boolean {
  try {
    return format.recognise(sample);
  } catch {
    return false;
  }
}

/** Takes the first bytes, decides which syntax they begin, and gathers the samples of it. */
class Looking {
  #sampler: Sampler | null = null;
  /** What a text may begin with that looks like JSON or XML (`[INFO] …`). */
  readonly #text = new TextSampler();
  #failed: unknown = null;
  readonly #decoder = new Decoder((chunk) => this.#take(chunk));

  get done(): boolean {
    return this.#sampler?.full === true || (this.#failed !== null && this.#text.full);
  }

  write(chunk: Uint8Array): void {
    this.#decoder.write(chunk);
  }

  samples(): Samples {
    if (!this.done) this.#finish();
    if (this.#sampler === null) throw reportError("it is empty");
    if (this.#failed === null) return this.#sampler.samples();
    const samples = this.#text.samples();
    const known = samples.some((sample) =>
      formats.some((format) => sample.syntax === format.syntax && recognises(format, sample)),
    );
    if (!known) throw this.#failed;
    return samples;
  }

  #finish(): void {
    this.#decoder.end();
    try {
      if (this.#failed === null) this.#sampler?.end();
    } catch (error) {
      this.#failed = error;
    }
  }

  #take(chunk: Buffer): void {
    if (!this.#text.full) this.#text.write(chunk);
    if (this.#sampler === null) {
      const first = chunk.toString().trimStart()[0];
      if (first === undefined) return;
      this.#sampler = samplerOf(first);
    }
    if (this.#failed !== null || this.done) return;
    try {
      this.#sampler.write(chunk);
    } catch (error) {
      this.#failed = error;
    }
  }
}

/** What was seen, in names of keys and elements only. */
function describe(samples: Samples): string {
  const shown = samples.find(({ syntax }) => syntax === "json" || syntax === "csv") ?? samples[0];
  const names = (list: readonly string[]) =>
    list
      .slice(0, 8)
      .map((name) => JSON.stringify(name.slice(0, 40)))
      .join(", ") || "none";
  switch (shown?.syntax) {
    case "json":
      return `JSON, ${valueIn(shown.value, names)}`;
    case "lines":
      return `JSON values, the first ${valueIn(shown.values[0], names)}`;
    case "xml":
      return `XML with the root <${shown.root.slice(0, 40)}>`;
    case "csv":
      return `a table with the columns ${names(shown.header)}`;
    default:
      return "lines of text";
  }
}

function valueIn(value: unknown, names: (list: readonly string[]) => string): string {
  if (isRecord(value)) return `an object with the keys ${names(Object.keys(value))}`;
  if (!Array.isArray(value)) return "a single value";
  const [first] = value;
  return first === undefined ? "an empty list" : `a list of ${valueIn(first, names)}`;
}
