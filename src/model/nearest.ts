/** Damerau-Levenshtein distance (optimal string alignment): a swap of neighbours counts as one slip. */
export function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

const longest = 64;

/** The candidate that was probably meant, or null when none is near enough to be worth naming. */
export function nearest(typed: string, candidates: readonly string[]): string | null {
  if (typed.length > longest) return null;
  const wanted = squash(typed);
  let best: { name: string; distance: number } | null = null;
  for (const name of candidates) {
    const far = distance(wanted, squash(name));
    if (far <= allowed(wanted, name) && (best === null || far < best.distance)) {
      best = { name, distance: far };
    }
  }
  return best?.name ?? null;
}

/** `rollback_window`, `RollbackWindow` and `rollback-window` are all one slip away from nothing. */
function squash(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, "");
}

function allowed(typed: string, name: string): number {
  return Math.floor(Math.max(typed.length, name.length) / 3);
}
