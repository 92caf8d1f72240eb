/**
 * Base score of a CVSS 3.0 or 3.1 vector (first.org/cvss/v3.1/specification-document, section 7.1); null for
 * anything else. Vectors of version 4 have a table of 270 sets instead of a formula: they are left to the
 * database's own word.
 */
export function cvssScore(vector: string): number | null {
  if (!/^CVSS:3\.[01]\//.test(vector)) return null;
  const metrics = new Map(
    vector
      .split("/")
      .slice(1)
      .map((part) => part.split(":", 2) as [string, string]),
  );
  const weight = (name: string, weights: Readonly<Record<string, number>>) =>
    weights[metrics.get(name) ?? ""];
  const changed = metrics.get("S") === "C";
  const impacts = { H: 0.56, L: 0.22, N: 0 };
  const [c, i, a] = ["C", "I", "A"].map((name) => weight(name, impacts));
  const av = weight("AV", { N: 0.85, A: 0.62, L: 0.55, P: 0.2 });
  const ac = weight("AC", { L: 0.77, H: 0.44 });
  const pr = weight("PR", changed ? { N: 0.85, L: 0.68, H: 0.5 } : { N: 0.85, L: 0.62, H: 0.27 });
  const ui = weight("UI", { N: 0.85, R: 0.62 });
  if (!metrics.has("S")) return null;
  if ([c, i, a, av, ac, pr, ui].includes(undefined)) return null;
  const base = 1 - (1 - (c ?? 0)) * (1 - (i ?? 0)) * (1 - (a ?? 0));
  const impact = changed ? 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 : 6.42 * base;
  if (impact <= 0) return 0;
  const exploitability = 8.22 * (av ?? 0) * (ac ?? 0) * (pr ?? 0) * (ui ?? 0);
  return roundUp(Math.min((changed ? 1.08 : 1) * (impact + exploitability), 10));
}

/** Appendix A: on whole numbers, so that 4.02 does not become 4.1 by a rounding of floats. */
function roundUp(value: number): number {
  const whole = Math.round(value * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}
