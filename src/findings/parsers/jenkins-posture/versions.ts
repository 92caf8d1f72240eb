/**
 * Compares versions of Jenkins and its plugins: numbers by number, and a word (`beta`, `rc`) before none. What follows
 * a number in an incremental version (`1144.v16d3f2b`) is a hash, which says nothing of what came first.
 */
export function compareVersions(one: string, other: string): number {
  const left = partsOf(one);
  const right = partsOf(other);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = weightOf(left[index]) - weightOf(right[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

type Part = number | "before" | "hash";

function partsOf(version: string): readonly Part[] {
  return version
    .slice(0, 200)
    .toLowerCase()
    .split(/[.\-_+]/)
    .flatMap((part): readonly Part[] => {
      if (/^\d{1,15}$/.test(part)) return [Number(part)];
      return /^(alpha|beta|rc|cr|m|snapshot|pre|ea)\d*$/.test(part) ? ["before"] : ["hash"];
    });
}

function weightOf(part: Part | undefined): number {
  if (part === undefined || part === "hash") return 0;
  return part === "before" ? -1 : part;
}
