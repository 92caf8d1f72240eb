/** One name of a vulnerability, and who gives such names: `cve`, `ghsa`, `rhsa` … */
export interface VulnerabilityId {
  readonly namespace: string;
  readonly id: string;
}

/** Best known first: it says what decides where names disagree. */
const order: readonly string[] = ["cve", "ghsa"];

/**
 * The names by which a vulnerability counts as the same as another tool's.
 *
 * Names are not believed further than this: two different CVEs are never one. Whoever writes a report may say that a
 * harmless CVE and a grave one are aliases, and hide the grave one behind a finding that was set aside. So a hit whose
 * rule is a CVE is that CVE, whatever it lists beside it; and one that lists several CVEs (a vendor's
 * bulletin) is known by its own name alone, and is only related to theirs.
 */
export function vulnerabilityIds(
  rule: string,
  aliases: readonly string[],
): readonly VulnerabilityId[] {
  const own = parseId(rule);
  const all = [own, ...aliases.map(parseId)].filter((one) => one !== null);
  const distinct = [...new Map(all.map((one) => [one.id, one])).values()];
  const cves = distinct.filter(({ namespace }) => namespace === "cve");
  const kept = distinct.filter((one) => {
    if (one.id === own?.id) return true;
    if (own?.namespace === "cve" && one.namespace === "cve") return false;
    // Of a bulletin about many, none of the many names it.
    return own?.namespace === "cve" || cves.length <= 1;
  });
  const perNamespace = new Map<string, VulnerabilityId[]>();
  for (const one of kept) {
    const before = perNamespace.get(one.namespace);
    if (before) before.push(one);
    else perNamespace.set(one.namespace, [one]);
  }
  // Two names by one giver are two things, unless one of them is the rule itself.
  return [...perNamespace.values()]
    .flatMap((same) => (same.length === 1 ? same : same.filter(({ id }) => id === own?.id)))
    .sort((a, b) => rankOf(a) - rankOf(b) || compare(a.id, b.id))
    .slice(0, 4);
}

/** Every id that the hit names, to find what is related. */
export function namedIds(rule: string, aliases: readonly string[]): readonly string[] {
  const ids = [rule, ...aliases].map((text) => parseId(text)?.id ?? null);
  return [...new Set(ids.filter((id) => id !== null))];
}

function parseId(text: string): VulnerabilityId | null {
  const plain = text.trim();
  const cve = /^CVE-(\d{4})-(\d{4,19})$/i.exec(plain);
  if (cve) return { namespace: "cve", id: `CVE-${cve[1]}-${cve[2]}` };
  const ghsa = /^GHSA(-[23456789cfghjmpqrvwx]{4}){3}$/i.exec(plain);
  if (ghsa) return { namespace: "ghsa", id: `GHSA${plain.slice(4).toLowerCase()}` };
  const other = /^([A-Za-z]{2,20})[-:_]([A-Za-z0-9][A-Za-z0-9:._-]{2,100})$/.exec(plain);
  if (other && /\d/.test(plain) && !/^cwe$/i.test(other[1] ?? "")) {
    return { namespace: (other[1] ?? "").toLowerCase(), id: plain.toUpperCase() };
  }
  return null;
}

function rankOf({ namespace }: VulnerabilityId): number {
  const at = order.indexOf(namespace);
  return at < 0 ? order.length : at;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
