import type { SuppressionRequest } from "../../model/observation.ts";
import { printable } from "../../model/printable.ts";
import { type SourceFile, LineIndex } from "./source-file.ts";

/**
 * What in a scanned tree asks scanners to look away. Nothing here is obeyed; it is reported, because only a
 * waiver grants it, and because somebody wanted it.
 */

/** Names of files that configure a scanner or list what it shall not see, and whom they speak to. */
const askingFiles: readonly (readonly [RegExp, string])[] = [
  [/^\.semgrepignore$/, "semgrep"],
  [/^\.gitleaks(?:ignore|\.toml)$/, "gitleaks"],
  [/^\.secretlint(?:ignore|rc(?:\..+)?)$/, "secretlint"],
  [/^\.secrets\.baseline$/, "detect-secrets"],
  [/^(?:\.eslintignore|\.eslintrc(?:\..+)?|eslint\.config\.[cm]?[jt]s)$/, "eslint"],
  [/^\.?bandit(?:\.ya?ml)?$/, "bandit"],
  [/^(?:\.trivyignore(?:\..+)?|trivy\.ya?ml)$/, "trivy"],
  [/^\.grype\.ya?ml$/, "grype"],
  [/^\.snyk$/, "snyk"],
  [/^osv-scanner\.toml$/, "osv-scanner"],
  [/^(?:\.nsprc|audit-ci\.jsonc?)$/, "npm-audit"],
  [/^\.checkov\.ya?ml$/, "checkov"],
  [/^\.hadolint\.ya?ml$/, "hadolint"],
  [/^\.tidelockignore$/, "tidelock"],
];

const askingWords: readonly (readonly [RegExp, string])[] = [
  [/\bnosemgrep\b/, "semgrep"],
  [/\bgitleaks:allow\b/, "gitleaks"],
  [/\bsecretlint-disable\b/, "secretlint"],
  [/\bpragma: ?allowlist (?:nextline )?secret\b/, "detect-secrets"],
  [/\beslint-disable\b/, "eslint"],
  [/#\s*nosec\b/, "bandit"],
  [/\btrivy:ignore\b/, "trivy"],
  [/\bcheckov:skip\b/, "checkov"],
  [/\bhadolint ignore=/, "hadolint"],
  [/\bNOSONAR\b/, "sonar"],
  [/\b(?:lgtm|codeql)\[/, "codeql"],
  [/\btidelock[-:](?:ignore|disable|allow)\b/, "tidelock"],
];

/** One expression that says quickly of most files that there is nothing in them. */
const anyWord = new RegExp(askingWords.map(([word]) => `(?:${word.source})`).join("|"), "g");

export function askedByName(path: string): SuppressionRequest | null {
  if (isForeign(path)) return null;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const found = askingFiles.find(([pattern]) => pattern.test(name));
  return found === undefined
    ? null
    : { path: path.slice(0, 1_024), tool: found[1], text: `a file named ${printable(name, 100)}` };
}

/** Comments in the service's own files; packages of others are full of them and are not its wish. */
export function askedByComments(file: SourceFile): readonly SuppressionRequest[] {
  if (file.binary || isForeign(file.path)) return [];
  const { text } = file;
  const found: SuppressionRequest[] = [];
  let index: LineIndex | undefined;
  for (const match of text.matchAll(anyWord)) {
    index ??= new LineIndex(text);
    const { line } = index.at(match.index);
    const tool = askingWords.find(([word]) => word.test(match[0]))?.[1] ?? "unknown";
    found.push({
      path: file.path.slice(0, 1_024),
      line: line + file.firstLine - 1,
      tool,
      // The words alone: the rest of the line may be the very secret.
      text: printable(match[0], 120),
    });
    if (found.length >= 50) break;
  }
  return found;
}

function isForeign(path: string): boolean {
  return path.startsWith("node_modules/") || path.includes("/node_modules/");
}
