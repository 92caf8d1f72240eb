import { matchesGlob } from "node:path";
import type { HighRisk, Touched } from "../../model/high-risk.ts";
import { knownRisks, type Signs } from "./catalogue.ts";

/** A file that is not in both releases as it is. */
export interface ChangedFile {
  readonly path: string;
  /** Its bytes before and after, as far as there are; null: they were not read, and may say anything. */
  readonly contents: readonly Uint8Array[] | null;
}

/**
 * Which classes of high risk a change touches, sorted by name. What cannot be known (null, or a file whose contents were
 * not read) touches every class that it could.
 */
export function touchedClasses(
  changed: readonly ChangedFile[] | null,
  declared: readonly HighRisk[] = [],
): readonly Touched[] {
  const names = [...new Set([...Object.keys(knownRisks), ...declared.map((one) => one.class)])];
  return names.toSorted().flatMap((name) => {
    if (changed === null) {
      return [{ class: name, because: "what changed cannot be known, so it may be anything" }];
    }
    const because = told(changed, signsOf(name, declared));
    return because === null ? [] : [{ class: name, because }];
  });
}

/** A known class's own signs and those that anybody declares for it: a further declaration only adds. */
function signsOf(name: string, declared: readonly HighRisk[]): Signs {
  const known = Object.hasOwn(knownRisks, name) ? knownRisks[name] : undefined;
  const own = declared.filter((one) => one.class === name);
  return {
    paths: [...(known?.paths ?? []), ...own.flatMap(({ paths }) => paths ?? [])],
    contains: [...(known?.contains ?? []), ...own.flatMap(({ contains }) => contains ?? [])],
  };
}

function told(changed: readonly ChangedFile[], { paths, contains }: Signs): string | null {
  const texts = contains.map((text) => ({ text, bytes: Buffer.from(text) }));
  const found = changed.flatMap(({ path, contents }) => {
    if (paths.some((glob) => path === glob || matchesGlob(path, glob))) return [path];
    if (texts.length === 0) return [];
    if (contents === null) return [`${path} (too large to look into)`];
    const [said] = texts.filter(({ bytes }) => contents.some((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength).includes(bytes))); // prettier-ignore
    return said === undefined ? [] : [`${path} (${said.text})`];
  });
  const [first, ...more] = found.toSorted();
  if (first === undefined) return null;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}
