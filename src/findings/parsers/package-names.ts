/** Whether a name is one of the CVE list (cve.org: a year and at least four digits). */
export function isCve(name: string): boolean {
  return /^CVE-\d{4}-\d{4,19}$/i.test(name);
}

/**
 * The name that a vulnerability is kept under, and its other names. A CVE goes first, so that two tools that start
 * from other lists agree. Several CVEs under one advisory are several things: then the advisory keeps its own name,
 * and they stand among the others.
 */
export function namesOf(all: readonly (string | undefined)[]): {
  readonly rule: string;
  readonly aliases: readonly string[];
} {
  const names = [
    ...new Set(all.flatMap((name) => (name === undefined ? [] : [tidy(name)]))),
  ].filter(Boolean);
  const first = names[0] ?? "";
  const cves = names.filter(isCve);
  const rule = isCve(first) || cves.length !== 1 ? first : (cves[0] ?? first);
  return { rule: rule || "unnamed", aliases: names.filter((name) => name !== rule) };
}

/** CVE and GHSA ids as their lists write them: the one in capitals, the other's letters small. */
export function tidy(name: string): string {
  const plain = name.trim();
  if (isCve(plain)) return plain.toUpperCase();
  return /^GHSA(?:-[0-9a-z]{4}){3}$/i.test(plain) ? `GHSA${plain.slice(4).toLowerCase()}` : plain;
}

const known =
  /\b(?:CVE-\d{4}-\d{4,19}|GHSA(?:-[0-9a-z]{4}){3}|(?:RHSA|RHBA|RHEA|ELSA|ALSA|RLSA)-\d{4}[:-]\d{1,6}|(?:DSA|DLA|USN)-\d{2,6}-\d{1,3}|SNYK(?:-[0-9A-Z]{1,100}){2,4}|PYSEC-\d{4}-\d{1,6}|RUSTSEC-\d{4}-\d{4}|GO-\d{4}-\d{4,6}|OSV-\d{4}-\d{1,7}|MAL-\d{4}-\d{1,7}|ALAS\d{0,4}-\d{4}-\d{1,5}|sonatype-\d{4}-\d{4,6})\b/gi;

/** Names of known lists in a text, such as an address: `https://nvd.nist.gov/vuln/detail/CVE-2021-44228`. */
export function namesIn(text: string): readonly string[] {
  return [...new Set([...text.slice(0, 2_048).matchAll(known)].map(([name]) => tidy(name)))];
}
