const known: ReadonlyMap<string, string> = new Map([
  ["semgrep oss", "semgrep"],
  ["semgrep pro", "semgrep"],
  ["opengrep oss", "opengrep"],
  ["owasp zap", "zap"],
  ["zed attack proxy", "zap"],
  ["npm audit", "npm-audit"],
  ["aqua security trivy", "trivy"],
  ["gitleaks-action", "gitleaks"],
]);

/** One spelling for one tool, whichever of its formats it wrote: `Semgrep OSS` of its SARIF is `semgrep` of its JSON. */
export function toolName(name: string): string {
  if (name === last.name) return last.spelled;
  const plain = name.trim().toLowerCase();
  last = { name, spelled: known.get(plain) ?? plain.replaceAll(/\s+/g, "-") };
  return last.spelled;
}

/** A hundred thousand hits of one report ask for the same. */
let last = { name: "", spelled: "" };
