import type { Draft } from "../../observe.ts";

export type Change = "added" | "removed" | "changed";

/**
 * A path that is not as the database has it. AIDE has no severities: what only its times or links changed is the
 * least, a changed content, owner, mode or label the worst. `flags`: `f > p.. mc..H` of whatever version, the kind
 * of file first; a letter is an attribute that changed, `<` and `>` a size, `+` and `-` all of them.
 */
export function draftOf(change: Change, path: string, flags: string): Draft {
  const grave = /[lpugHAXSEC<>]/.test(flags.slice(1));
  return {
    rule: change,
    severity: change === "changed" ? (grave || flags === "" ? "high" : "low") : "medium",
    severityStated: false,
    title: `${path} was ${change}`,
    message: flags.trim(),
    kind: "runtime",
    place: { kind: "file", path },
  };
}

/** `2026-11-21 03:22:40 +0000` as RFC 3339; undefined when it is none. */
export function instantOf(text: string): string | undefined {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/.exec(text.trim());
  return found ? `${found[1]}T${found[2]}${found[3]}:${found[4]}` : undefined;
}

/** What the numbers and the entries of a report say about each other. */
export function differenceOf(
  outline: string,
  stated: Readonly<Record<Change, number>>,
  seen: Readonly<Record<Change, number>>,
): string | undefined {
  if (!/^AIDE.{0,40} found /.test(outline))
    return "a comparison: it found nothing, nor that nothing";
  if (/found NO differences/.test(outline)) return undefined;
  const short = (["added", "removed", "changed"] as const).find((one) => seen[one] < stated[one]);
  if (short !== undefined) {
    return `its entries: it counts ${stated[short]} ${short} and shows ${seen[short]}`;
  }
  return seen.added + seen.removed + seen.changed === 0
    ? "its entries: it found differences and shows none (report_level)"
    : undefined;
}
