import { TidelockError } from "../../model/errors.ts";
import type { Exclude } from "../../tree/walk.ts";

/**
 * The pipeline's `exclude` patterns as one function over paths inside the service's folder:
 *
 *   `*.md`         a pattern without a slash matches a name at any depth
 *   `docs/**`      with a slash it matches from the service's folder on
 *   `/build`       a leading slash says so for a single name
 *   `logs/`        a trailing slash matches folders only
 *   `*` `?` `[a-z]` stay within a name; `**` crosses folders
 *
 * A folder that matches takes everything below it along.
 *
 * @throws TidelockError `invalid-input` naming the pattern
 */
export function excludePatterns(patterns: readonly string[]): Exclude {
  const rules = patterns.map(parse);
  return (path, isDirectory) => {
    const names = path.split("/");
    return rules.some((rule) => (isDirectory || !rule.folderOnly) && rule.matches(names));
  };
}

interface Rule {
  readonly folderOnly: boolean;
  readonly matches: (names: readonly string[]) => boolean;
}

function parse(pattern: string): Rule {
  const folderOnly = pattern.endsWith("/");
  const body = pattern.replace(/\/$/, "");
  const parts = body.replace(/^\//, "").split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || /[!\\]/.test(pattern)) {
    throw new TidelockError(
      "invalid-input",
      `the exclude pattern ${JSON.stringify(pattern)} is refused`,
      {
        fault: "operator",
        where: "spec.exclude",
        hint: 'write names and wildcards like "*.md", "docs/**" or "logs/"; no "!", "\\", "." or ".."',
      },
    );
  }
  if (!body.includes("/")) {
    const matcher = nameMatcher(body);
    return { folderOnly, matches: (names) => matcher(names.at(-1) ?? "") };
  }
  const matchers = parts.map((part) => (part === "**" ? anyNumber : nameMatcher(part)));
  // At the end `**` stands for what is in the folder, not for the folder.
  if (parts.at(-1) === "**") matchers.splice(-1, 0, () => true);
  return { folderOnly, matches: (names) => matchSequence(matchers, names) };
}

/** Stands for any number of items in a sequence, none included. */
const anyNumber = Symbol("any number");
type Matcher<T> = ((item: T) => boolean) | typeof anyNumber;

function nameMatcher(pattern: string): (name: string) => boolean {
  const tokens = pattern.match(/\[[^\]]+\]|\*+|[^]/gu) ?? [];
  const matchers = tokens.map(characterMatcher);
  return (name) => matchSequence(matchers, [...name]);
}

function characterMatcher(token: string): Matcher<string> {
  if (token.startsWith("*")) return anyNumber;
  if (token === "?") return () => true;
  if (token.length > 2 && token.startsWith("[")) return classMatcher(token.slice(1, -1));
  return (character) => character === token;
}

/** `a-z_` or, with `^` in front, everything else. */
function classMatcher(body: string): (character: string) => boolean {
  const negated = body.startsWith("^");
  const ranges = (negated ? body.slice(1) : body).match(/[^]-[^]|[^]/gu) ?? [];
  return (character) => {
    const inside = ranges.some((range) => {
      const [from = "", to = from] = range.length > 1 ? range.split(/(?<=^[^])-/u) : [range];
      return character >= from && character <= to;
    });
    return inside !== negated;
  };
}

/**
 * Matches a whole sequence. Only the last `anyNumber` is ever stretched, so the time is at most the product
 * of the two lengths, whatever the pattern; a regular expression could take forever.
 */
function matchSequence<T>(matchers: readonly Matcher<T>[], items: readonly T[]): boolean {
  let [at, item] = [0, 0];
  let stretch: { matcher: number; item: number } | undefined;
  while (item < items.length) {
    const matcher = matchers[at];
    if (matcher === anyNumber) {
      stretch = { matcher: at, item };
      at += 1;
    } else if (matcher?.(items[item] as T)) {
      at += 1;
      item += 1;
    } else if (stretch) {
      stretch.item += 1;
      [at, item] = [stretch.matcher + 1, stretch.item];
    } else {
      return false;
    }
  }
  return matchers.slice(at).every((matcher) => matcher === anyNumber);
}
