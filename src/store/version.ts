/**
 * Orders program versions (semver.org, 11, as far as our own versions need it): three numbers, then a
 * pre-release sorts before its release. Negative when `a` is older.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (let index = 0; index < 3; index++) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === "") return 1;
  if (right.pre === "") return -1;
  return left.pre.localeCompare(right.pre, "en", { numeric: true });
}

function parse(version: string): { numbers: number[]; pre: string } {
  const [core = "", ...pre] = (version.split("+")[0] ?? "").split("-");
  return { numbers: core.split(".").map(Number), pre: pre.join("-") };
}
