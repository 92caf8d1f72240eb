import { printable } from "../../../src/model/printable.ts";

/** What a line of prose takes; the whole stands in the raw report. */
const mostInLine = 500;

/**
 * Text that a service, a tool or a scanned file wrote: one line, with whatever could move, hide or reorder text
 * made visible, set apart from the direction of the text around it, broken where it must be.
 */
export function Foreign({
  text,
  most = mostInLine,
}: {
  readonly text: string;
  readonly most?: number;
}) {
  const left = text.length - most;
  return (
    <bdi className="foreign" dir="ltr">
      {printable(text.slice(0, most), most)}
      {left > 0 ? <span className="muted"> … and {left} more characters</span> : null}
    </bdi>
  );
}

/** The same for texts of many lines: lines and tabs stay. */
export function foreignLines(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part, index) => (index % 2 === 1 ? part.replace("\r", "") : printable(part, part.length)))
    .join("");
}
