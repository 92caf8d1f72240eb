import type { Observation } from "../../model/observation.ts";
import { withPart } from "../identity/scope.ts";
import { clip, type Draft, observe, type Observing } from "../observe.ts";
import type { Format, ItemPlace, Reader, Sample, Summary } from "../parsers/format.ts";
import type { Element } from "../parsers/xml.ts";
import type { Cutter, FrameCutter, Job } from "./cutter.ts";
import { JsonCutter, LinesCutter } from "./json-cutter.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { refusalOf, reportError } from "./report-error.ts";
import { CsvCutter, TextCutter } from "./text-cutter.ts";
import { XmlCutter } from "./xml-cutter.ts";

/** What was found, as far as it was read: hits, and statements that something is no hit. */
export interface Batch {
  readonly observations: readonly Observation[];
  readonly claims: readonly Observation[];
}

/** As a format says it. */
type Named = Pick<Summary, "tool" | "subject" | "part">;

/** Whose scan it is, and of what. */
export type About = Pick<Summary, "tool" | "subject">;

/** What a report says of itself, and how much of it there was. */
export interface ReadSummary extends Omit<Summary, "drafts" | "part"> {
  readonly items: number;
}

/**
 * One report being read, by whoever feeds it: each of `passes()` is given the whole report from its beginning, and
 * after each part `drain()` hands out what has gathered. Knows nothing of where the bytes come from.
 */
export class Reading {
  readonly #format: Format;
  readonly #limits: Limits;
  readonly #observing: Observing;
  #observations: Observation[] = [];
  #claims: Observation[] = [];
  #reader: Reader | null = null;
  #frame: unknown = null;
  #items = 0;
  #truncated = false;
  #about: About | undefined;

  constructor(format: Format, observing: Observing, limits: Partial<Limits> = {}) {
    this.#format = format;
    this.#observing = observing;
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** The frame first, then the items of pass 1, then those of pass 2. */
  *passes(): Generator<Cutter> {
    const first = cutterOf(this.#job(0));
    if (this.#format.syntax !== "lines" && this.#format.syntax !== "text")
      yield new Refusing(first, this.#format);
    this.#open(first);
    if (this.#reader?.item === undefined) return;
    const items = this.#format.items ?? [];
    const structured = this.#format.syntax === "json" || this.#format.syntax === "xml";
    for (const pass of [1, 2] as const) {
      const any = structured ? items.some((one) => (one.pass ?? 1) === pass) : pass === 1;
      if (any) yield new Refusing(cutterOf(this.#job(pass)), this.#format, () => this.#truncated);
    }
  }

  /** What is known of it before its first item; undefined where its end has to be waited for. */
  get about(): About | undefined {
    this.#about ??= this.#guarded(
      () => "the report",
      () => {
        const about = this.#reader?.about?.();
        return about && aboutOf(about);
      },
    );
    return this.#about;
  }

  get gathered(): number {
    return this.#observations.length + this.#claims.length;
  }

  drain(): Batch {
    const batch = { observations: this.#observations, claims: this.#claims };
    this.#observations = [];
    this.#claims = [];
    return batch;
  }

  /** After the last pass; what it adds is to be drained once more. */
  end(): ReadSummary {
    const summary = this.#guarded(
      () => "its end",
      () => this.#reader?.end() ?? { complete: false },
    );
    const drafts = summary.drafts ?? [];
    if (summary.complete && this.#items === 0 && drafts.length === 0) this.#assertOwn();
    this.#add(drafts);
    const { exercised } = summary;
    const beyond = this.#truncated
      ? `only the first ${this.#limits.items} items were read`
      : undefined;
    const missing = [summary.missing, beyond].filter((one) => one !== undefined).join("; ");
    const madeAt = timeOf(summary.madeAt);
    return {
      items: this.#items,
      complete: summary.complete && !this.#truncated,
      ...(missing === "" ? {} : { missing: clip(missing, 1_024) }),
      ...aboutOf(summary),
      ...(madeAt === undefined ? {} : { madeAt }),
      ...(exercised === undefined ? {} : { exercised }),
    };
  }

  #job(pass: Job["pass"]): Job {
    return {
      format: this.#format,
      limits: this.#limits,
      pass,
      take: (value, at, where) => this.#take(value, at, where),
    };
  }

  #open(first: FrameCutter): void {
    this.#frame = first.frame();
    this.#reader = this.#guarded(
      () => "the report",
      () => this.#format.open(this.#frame),
    );
  }

  /**
   * Whoever named a format may have been wrong: a report of another one must not pass for one without a hit. One that
   * is empty altogether (`[]`, `null`, `{"value": []}`) is whatever it is called.
   */
  #assertOwn(): void {
    const sample = wholeOf(this.#format, this.#frame);
    if (sample === null || this.#format.recognise(sample)) return;
    throw refusalOf(
      reportError("nothing in it shows that it is a report of this format"),
      this.#format.id,
    );
  }

  #take(value: unknown, at: ItemPlace, where: () => string): void {
    if (this.#items >= this.#limits.items) {
      this.#truncated = true;
      return;
    }
    this.#items += 1;
    this.#add(this.#guarded(where, () => this.#reader?.item?.(value, at) ?? []));
  }

  #add(drafts: readonly Draft[]): void {
    for (const draft of drafts) {
      const one = observe(draft, this.#observing);
      if (isHit(one)) this.#observations.push(one);
      else this.#claims.push(one);
    }
  }

  #guarded<Result>(where: () => string, run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      throw refusalOf(error, this.#format.id, where());
    }
  }
}

/** Says in every refusal of which format the report is. */
class Refusing implements Cutter {
  readonly #cutter: Cutter;
  readonly #format: Format;
  readonly #enough: () => boolean;

  constructor(cutter: Cutter, format: Format, enough: () => boolean = () => false) {
    this.#cutter = cutter;
    this.#format = format;
    this.#enough = enough;
  }

  get full(): boolean {
    return this.#cutter.full || this.#enough();
  }

  write(chunk: Buffer): void {
    this.#guarded(() => this.#cutter.write(chunk));
  }

  end(): void {
    this.#guarded(() => this.#cutter.end());
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      throw refusalOf(error, this.#format.id, "the report");
    }
  }
}

function aboutOf({ tool, part, subject: whole }: Named): About {
  const subject = part === undefined ? whole : withPart(part, whole);
  return {
    ...(tool === undefined
      ? {}
      : { tool: { name: clip(tool.name, 256), version: clip(tool.version, 128) } }),
    ...(subject === undefined || subject === "" ? {} : { subject: clip(subject, 1_024) }),
  };
}

function cutterOf(job: Job): FrameCutter {
  switch (job.format.syntax) {
    case "json":
      return new JsonCutter(job);
    case "lines":
      return new LinesCutter(job);
    case "xml":
      return new XmlCutter(job);
    case "csv":
      return new CsvCutter(job);
    case "text":
      return new TextCutter(job);
  }
}

/** Of a report without items the frame is all there is; null where nothing is to be seen in it. */
function wholeOf({ syntax }: Format, frame: unknown): Sample | null {
  switch (syntax) {
    case "json":
      return isEmpty(frame) ? null : { syntax, value: frame };
    case "xml": {
      const root = frame as Element;
      const children = [...new Set(root.children.map(({ name }) => name))];
      return { syntax, root: root.name, attributes: root.attributes, children, outline: root };
    }
    case "csv":
      return { syntax, header: frame as readonly string[] };
    case "lines":
      return null;
    case "text":
      return { syntax, lines: [] };
  }
}

function isEmpty(frame: unknown): boolean {
  if (frame === null || typeof frame !== "object") return frame === null;
  const values = Object.values(frame);
  return Array.isArray(frame)
    ? values.length === 0
    : values.length > 0 && values.every((one) => Array.isArray(one) && one.length === 0);
}

const noHits: ReadonlySet<string | undefined> = new Set([
  "not-affected",
  "fixed",
  "false-positive",
]);

function isHit({ claim }: Observation): boolean {
  return !noHits.has(claim?.status);
}

/** A time that can be read, as the report writes it; another is left out. */
function timeOf(text: string | undefined): string | undefined {
  const dated = text !== undefined && text.length <= 64 && /^\d{4}-\d\d-\d\dT/.test(text);
  return dated && Number.isFinite(Date.parse(text)) ? text : undefined;
}
