import type { Exercised } from "../../model/verdict.ts";
import type { Part } from "../identity/scope.ts";
import type { Draft } from "../observe.ts";
import type { Element } from "./xml.ts";

/**
 * How one format of reports is read: an outline of the document without its items (the *frame*), and its items
 * one by one. So a report of any length needs the memory of its frame and of one item, and a format says what it
 * knows without a line about streams.
 *
 * Everything in a report is hostile: it was written by a tool that looked at hostile files, or by somebody who
 * poses as that tool. Functions here are pure, throw for whatever they cannot understand, and are linear in what
 * they are given.
 */
export interface Format {
  /** The folder's name, and what `--format` takes. */
  readonly id: string;
  /** For people: `Trivy (JSON)`. */
  readonly title: string;
  /**
   * `json`: one document. `lines`: JSON values one after the other, pretty-printed or one a line, or one array of
   * them: tools write the same records both ways. `csv`: with a header (RFC 4180). `text`: lines of words.
   */
  readonly syntax: "json" | "xml" | "lines" | "csv" | "text";
  /** What is read one by one; of `lines`, `csv` and `text` it is every value, row and line. */
  readonly items?: readonly ItemPath[];
  /**
   * `never`: a log of what a sensor happened to meet (Falco, Suricata). That something is not in it says nothing, however
   * long and whole it is: an import of it opens findings and never misses one.
   */
  readonly absence?: "never";
  /**
   * Whether a report is of this format, by its content alone: what a file is called says nothing. Exactly one
   * format may say yes to any real report, so ask for what no other has. The sample is of the format's own syntax.
   */
  recognise(sample: Sample): boolean;
  /** Called once a report, with its frame. Throws for what is none of this format. */
  open(frame: unknown): Reader;
}

export interface ItemPath {
  /**
   * Keys of JSON (`*`: any key or index) or names of XML elements, the root's first (`**`: any depth):
   * `["runs", "*", "results", "*"]`, `["nmaprun", "host"]`.
   */
  readonly path: readonly string[];
  /** Items of pass 2 come after all of pass 1, wherever they stand. Default 1. */
  readonly pass?: 1 | 2;
}

export interface ItemPlace {
  /** Which of `items` it was. */
  readonly item: number;
  /** What the stars stood for, in order: indices are numbers. */
  readonly keys: readonly (string | number)[];
}

/** Reads the items of one report, in the order of the document. */
export interface Reader {
  /**
   * Of JSON: the value. Of XML: an `Element` (xml.ts). Of `csv`: a record by the header's names. Of `text`: the line.
   */
  item?(value: unknown, at: ItemPlace): readonly Draft[];
  /**
   * Before the first item, where the frame tells it already: the same tool and subject that `end` will name. Then hits
   * need not wait for the report's end to be told apart.
   */
  about?(): Pick<Summary, "tool" | "subject" | "part">;
  /** After the last item: what the report says of itself. */
  end(): Summary;
}

/** What a report says of itself. */
export interface Summary {
  /** Hits that stand in the frame itself, of small formats. */
  readonly drafts?: readonly Draft[];
  readonly tool?: { readonly name: string; readonly version: string };
  /**
   * What was looked at, as the report names it: an image, a site, a host, a folder, a category. Two reports of one
   * tool about different subjects are different scans: neither closes what the other found.
   */
  readonly subject?: string;
  /**
   * Where it shows only a part of what its tool can see of the subject, as a bill of materials shows packages and no
   * secrets: it is another scan than one of the whole, and neither misses what the other found.
   */
  readonly part?: Part;
  /** When it was made, RFC 3339, as the report says. */
  readonly madeAt?: string;
  readonly exercised?: Partial<Exercised>;
  /** False when the report says that the scan did not come to its end, or left something out. */
  readonly complete: boolean;
  /** What it left out, in words; belongs to `complete: false`. */
  readonly missing?: string;
}

/**
 * The beginning of a report, or a cut of it: arrays show their first three values, texts their first 200
 * characters, nothing is deeper than eight levels. Every key of the upper levels is there, wherever in the document it stands.
 */
export type Sample =
  | { readonly syntax: "json"; readonly value: unknown }
  | { readonly syntax: "lines"; readonly values: readonly unknown[] }
  | {
      readonly syntax: "xml";
      readonly root: string;
      readonly attributes: ReadonlyMap<string, string>;
      /** Names of the root's first children, each once. */
      readonly children: readonly string[];
      /** The root with its first three children, and so on four levels down. */
      readonly outline: Element;
    }
  | { readonly syntax: "csv"; readonly header: readonly string[] }
  | { readonly syntax: "text"; readonly lines: readonly string[] };

/** Keys and values of a sample that is one JSON object; undefined of any other. */
export function fieldsOf(sample: Sample): Readonly<Record<string, unknown>> | undefined {
  return sample.syntax === "json" && isRecord(sample.value) ? sample.value : undefined;
}

/** The first values of a sample that is one JSON array, or values one after the other; undefined of any other. */
export function valuesOf(sample: Sample): readonly unknown[] | undefined {
  if (sample.syntax === "lines") return sample.values;
  return sample.syntax === "json" && Array.isArray(sample.value) ? sample.value : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
