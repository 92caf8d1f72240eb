import type { FindingKind } from "../model/observation.ts";

/**
 * What numbers may say. Small samples say nothing: a median of three, or "one of two" as 50 %, reads like knowledge
 * and is none.
 */

/** Cases from which on a share or a time is stated. */
export const enough = 10;

/** `n` of `of`; null where that is too few to say. */
export function shareOf(n: number, of: number): number | null {
  return of < enough ? null : n / of;
}

/** The middle and the ninth tenth; null of too few. Milliseconds in, milliseconds out. */
export function spanOf(
  n: number,
  median: number | null,
  p90: number | null,
): { readonly medianMs: number | null; readonly p90Ms: number | null } {
  return n < enough ? { medianMs: null, p90Ms: null } : { medianMs: median, p90Ms: p90 };
}

/** The value at a share of an ordered crowd, each value counted `n` times; null of an empty one. */
export function quantile(
  crowd: readonly { readonly value: number; readonly n: number }[],
  share: number,
): number | null {
  return quantiles(crowd, [share])[0] ?? null;
}

/** The same at several shares. */
export function quantiles(
  crowd: readonly { readonly value: number; readonly n: number }[],
  shares: readonly number[],
): readonly (number | null)[] {
  const ordered = crowd.filter(({ n }) => n > 0).sort((a, b) => a.value - b.value);
  const total = ordered.reduce((sum, { n }) => sum + n, 0);
  return shares.map((share) => {
    let left = Math.max(1, Math.ceil(total * share));
    for (const { value, n } of ordered) {
      left -= n;
      if (left <= 0) return value;
    }
    return null;
  });
}

/** The same of values that count once each, of which there may be one for every finding. */
export function quantilesOfEach(
  values: readonly number[],
  shares: readonly number[],
): readonly (number | null)[] {
  const ordered = Float64Array.from(values).sort();
  return shares.map((share) => ordered[Math.max(1, Math.ceil(ordered.length * share)) - 1] ?? null);
}

/** Of a thing that was accepted several times: so long after the end of one the next goes on with it. */
const renewedMs = 30 * 86_400_000;

/** Since when it has been accepted, as of the last of these; null of none. Milliseconds since 1970. */
export function acceptedSince(
  spans: readonly { readonly since: number; readonly ended: number | null }[],
): number | null {
  let since: number | null = null;
  let end = Number.NEGATIVE_INFINITY;
  for (const one of spans.toSorted((a, b) => a.since - b.since)) {
    if (since === null || one.since - end > renewedMs) since = one.since;
    end = Math.max(end, one.ended ?? Number.POSITIVE_INFINITY);
  }
  return since;
}

/** Findings that are alike, as far as tools are concerned. */
export interface ToolGroup {
  /** In the order in which they saw it. */
  readonly tools: readonly string[];
  readonly status: string;
  readonly n: number;
}

export interface ToolYield {
  readonly tool: string;
  readonly found: number;
  /** Saw it before any other. */
  readonly first: number;
  /** Nobody else saw it: what would be missed without this tool. */
  readonly only: number;
  /** What somebody has looked at and put anywhere. */
  readonly judged: number;
  readonly falsePositive: number;
}

/** What each tool brought, the one with the highest yield of its own first. */
export function toolYields(groups: readonly ToolGroup[]): ToolYield[] {
  const yields = new Map<string, { -readonly [K in keyof ToolYield]: ToolYield[K] }>();
  for (const { tools, status, n } of groups) {
    for (const tool of new Set(tools)) {
      const one = yields.get(tool) ?? {
        tool,
        found: 0,
        first: 0,
        only: 0,
        judged: 0,
        falsePositive: 0,
      };
      yields.set(tool, one);
      one.found += n;
      if (tools[0] === tool) one.first += n;
      if (tools.length === 1) one.only += n;
      if (status !== "open") one.judged += n;
      if (status === "false-positive") one.falsePositive += n;
    }
  }
  return [...yields.values()].sort(
    (a, b) => b.only - a.only || b.found - a.found || (a.tool < b.tool ? -1 : 1),
  );
}

/** Sums of `n` by a key, the largest first. */
export function sumBy<T extends { readonly n: number }>(
  items: readonly T[],
  key: (item: T) => string,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const item of items) sums.set(key(item), (sums.get(key(item)) ?? 0) + item.n);
  return new Map([...sums].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}

/** What the tools of a format look for, where the format says it: a clean scan has no finding that would show it. */
const kindsOfFormats: Readonly<Record<string, readonly FindingKind[]>> = {
  aide: ["runtime"],
  anchore: ["dependency"],
  bandit: ["code"],
  checkov: ["infrastructure"],
  clair: ["dependency"],
  "dependency-check": ["dependency"],
  "docker-bench": ["host"],
  eslint: ["code"],
  falco: ["runtime"],
  gitleaks: ["secret"],
  grype: ["dependency"],
  junit: ["test"],
  "kube-bench": ["host"],
  "kube-linter": ["infrastructure"],
  lynis: ["host"],
  "nexus-iq": ["dependency"],
  nmap: ["network"],
  "npm-audit": ["dependency"],
  nuclei: ["web"],
  openscap: ["host"],
  osv: ["dependency"],
  secretlint: ["secret"],
  semgrep: ["code"],
  sourceclear: ["dependency"],
  sslscan: ["network"],
  suricata: ["runtime"],
  terrascan: ["infrastructure"],
  testssl: ["network"],
  tfsec: ["infrastructure"],
  trivy: ["dependency"],
  wapiti: ["web"],
  zap: ["web"],
};

/** Which kinds a scan covers: what its format is made for, and what this tool has ever found here. */
export function kindsOfScan(
  scan: { readonly tool: string; readonly format: string },
  seen: ReadonlyMap<string, ReadonlySet<FindingKind>>,
): FindingKind[] {
  const base = scan.format.replace(/-(csv|xml|json|jsonl)$/, "");
  return [...new Set([...(kindsOfFormats[base] ?? []), ...(seen.get(scan.tool) ?? [])])].sort();
}
