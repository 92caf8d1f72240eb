/** `/`-separated paths: `*` and `?` stay within one segment, `**` is a segment of its own and stands for any number. */

const longestGlob = 200;
const mostStars = 10;

export function globProblem(pattern: string): { message: string; hint: string } | null {
  if (pattern === "" || pattern.length > longestGlob) {
    return { message: `a glob has 1 to ${longestGlob} characters`, hint: "write a shorter one" };
  }
  if (/[[\]{}!\\]/.test(pattern)) {
    const hint = "there are `*`, `?` and `**`; write alternatives with `||`";
    return { message: "a glob has no brackets, braces, `!` or backslashes here", hint };
  }
  const segments = pattern.split("/");
  if (segments.some((one) => one.includes("**") && one !== "**")) {
    return { message: "`**` is a whole segment", hint: "write `src/**/x` or `src/**`" };
  }
  if ((pattern.match(/\*+/g)?.length ?? 0) > mostStars) {
    return { message: `a glob has at most ${mostStars} stars`, hint: "write a simpler one" };
  }
  return null;
}

/** Of a pattern without problem. `src/**` holds for everything below `src`, `**` for everything. */
export function globMatcher(pattern: string): (path: string) => boolean {
  const segments = pattern.split("/");
  const fixed = segments.findIndex((one) => /[*?]/.test(one));
  if (fixed === -1) return (path) => path === pattern;
  // What stands before the first star decides most paths.
  const prefix = segments
    .slice(0, fixed)
    .map((one) => `${one}/`)
    .join("");
  // Below means at least one more.
  const rest = segments.at(-1) === "**" ? [...segments.slice(fixed), "*"] : segments.slice(fixed);
  if (rest.length === 2 && rest[0] === "**" && rest[1] === "*") {
    return (path) => path.startsWith(prefix) && path.length > prefix.length;
  }
  return (path) => path.startsWith(prefix) && under(rest, path.slice(prefix.length).split("/"));
}

/** Greedy with one place to go back to: the last `**`, as for `*` in one segment; never exponential. */
function under(pattern: readonly string[], path: readonly string[]): boolean {
  return wildcard(pattern.length, path.length, {
    isStar: (p) => pattern[p] === "**",
    fits: (p, t) => inSegment(pattern[p] ?? "", path[t] ?? ""),
  });
}

function inSegment(pattern: string, text: string): boolean {
  const [signs, characters] = [[...pattern], [...text]];
  return wildcard(signs.length, characters.length, {
    isStar: (p) => signs[p] === "*",
    fits: (p, t) => signs[p] === "?" || signs[p] === characters[t],
  });
}

interface Signs {
  readonly isStar: (at: number) => boolean;
  readonly fits: (at: number, text: number) => boolean;
}

function wildcard(patternLength: number, textLength: number, { isStar, fits }: Signs): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < textLength) {
    if (p < patternLength && isStar(p)) {
      star = p;
      mark = t;
      p += 1;
    } else if (p < patternLength && fits(p, t)) {
      p += 1;
      t += 1;
    } else if (star !== -1) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else return false;
  }
  while (p < patternLength && isStar(p)) p += 1;
  return p === patternLength;
}
