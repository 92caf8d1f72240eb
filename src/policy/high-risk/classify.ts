import { matchesGlob } from "node:path/posix";
import type { HighRisk, Touched } from "../../model/high-risk.ts";
import { globMatcher, globProblem } from "../cel/glob.ts";
import { knownRisks, type Signs } from "./catalogue.ts";

/** A file that is not in both releases as it is. */
export interface ChangedFile {
  readonly path: string;
  /** The path within its artifact, where `path` begins with the artifact's name. */
  readonly within?: string;
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
  const globs = paths.map(matcherOf);
  const texts = contains.map((text) => ({ text, bytes: Buffer.from(text) }));
  const found = changed.flatMap(({ path, within = path, contents }) => {
    // Whoever names artifacts must not be able to name a path away: both forms count.
    if (globs.some((fits) => fits(path) || fits(within))) return [path];
    if (texts.length === 0) return [];
    if (contents === null) return [`${path} (cannot be looked into)`];
    const [said] = texts.filter(({ bytes }) => contents.some((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength).includes(bytes))); // prettier-ignore
    return said === undefined ? [] : [`${path} (${said.text})`];
  });
  const [first, ...more] = found.toSorted();
  if (first === undefined) return null;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}

const matchers = new Map<string, (path: string) => boolean>();

/** Whether a glob fits a path. Neither capitals nor a leading dot hide a file: a sign may well be seen too often. */
function matcherOf(glob: string): (path: string) => boolean {
  const known = matchers.get(glob);
  if (known !== undefined) return known;
  const lower = glob.toLowerCase();
  const simple = globProblem(lower) === null ? globMatcher(lower) : null;
  const fits = (path: string): boolean => {
    if (path === glob) return true;
    if (simple !== null) return simple(path.toLowerCase());
    return matchesGlob(path, glob) || matchesGlob(undotted(path), undotted(glob));
  };
  if (matchers.size >= 1_000) matchers.clear();
  matchers.set(glob, fits);
  return fits;
}

/** Without names that begin with a dot, which stars do not stand for in these globs. */
function undotted(text: string): string {
  return text.toLowerCase().replace(/(^|[/{,])\./g, "$1x.");
}
