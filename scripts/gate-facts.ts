// `node scripts/gate-facts.ts`: writes the table of facts in docs/gates.md: names and types out of the schema, words from
// here. A test compares the page with it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { GateFacts, mostChangedPaths, mostFactFindings } from "../src/model/gate-facts.ts";

import { root } from "./test/run-step.ts";

export const gatesFile = "docs/gates.md";
const begin = "<!-- facts: written by scripts/gate-facts.ts -->";
const end = "<!-- facts: end -->";

/** The page with the table of today. */
export function factsPage(page: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${gatesFile} has lost its marks for the facts`);
  return `${page.slice(0, from + begin.length)}\n\n${factTable()}\n\n${page.slice(to)}`;
}

/** By path; `[]` is an item of a list, `.*` one of any name. A test demands words for each, and no others. */
const words: Readonly<Record<string, string>> = {
  now: "when it is decided, by the database's clock",
  service: "whose release it is",
  "environment.name": "where it goes",
  "environment.tier": "what that is",
  colour: "the idle one that takes the traffic",
  "release.digest": "its id",
  "release.version": "as its maker calls it",
  "release.createdAt": "when it was taken in, by the log",
  "release.ageSeconds": "since then",
  "release.createdBy": "who took it in, by the log: a pseudonym",
  "configuration.digest": "of the configuration that goes with it",
  "configuration.changed":
    "names of values and secrets that are not as in what is live; `isolated X`: what a colour under test gets as X; `shared X`, `delivery`",
  live: "what users had when the plan was made: the baseline of everything that is called new or changed",
  review:
    "what the environment's git host said of the release's commits ([reviews](reviews.md)); null where it was not asked, did not say all, or it is too old",
  "review.ageSeconds": "since it was asked",
  "review.commits": "commits of the release",
  "review.unreviewed":
    "of those, the ones that no merged pull request brought whose newest revision somebody else has approved",
  "review.approvals":
    "approvals by others of exactly what was merged, of the pull request with the fewest; 0 where there is none",
  "review.selfApprovals": "approvals by whoever opened the pull request or pushed to it",
  "review.staleApprovals": "approvals of an earlier revision than the merged one",
  "review.changesRequested": "pull requests in which somebody's last word asks for changes",
  branch: "how that host protects the branch; each null where it did not say",
  "branch.protected": "there is a rule for it",
  "branch.requiredApprovals": "as the rule has it",
  "branch.dismissesStale": "a later push takes approvals back",
  "branch.refusesForcePush": "nobody rewrites it",
  "branch.includesAdmins": "administrators are held to it",
  "live.release": "its id",
  "live.version": "its version",
  "live.sinceSeconds": "how long users have had it, with that configuration",
  changes: "what is not as in what is live",
  "changes.paths": `files that were added, removed or changed, out of the bytes of both releases; at most ${mostChangedPaths}`,
  "changes.classes": "what they are about: `authentication`, `cryptography`, `pipeline`, …",
  "checks.*":
    "the run that decides about each check that has run for exactly this, by the check's name",
  "checks.*.uses": "its adapter",
  "checks.*.verdict":
    "as the gate counts it: an expired one is `stale`, an empty pass `inconclusive`",
  "checks.*.ageSeconds": "since it ended",
  "checks.*.requests": "what it exercised",
  "checks.*.assertions": "what it exercised",
  "checks.*.files": "what it exercised",
  findings: "what is open of this release here, by the records as the ledger has them",
  "findings.open":
    "those that count: neither set aside by two people or by a statement that counts, nor waived",
  "findings.new": "those of them that no scan that counts has seen in what is live",
  "findings.byKind.*": "open ones by kind: `dependency`, `code`, `web`, `secret`, …",
  "findings.scannedBy": "tools that scanned this release, whole, and whose word counts",
  "findings.items": `one by one, worst first, waived ones too; at most ${mostFactFindings}`,
  "findings.items[].id": "`F-12`",
  "findings.items[].kind": "what it is a finding in",
  "findings.items[].severity": "as the gate counts it",
  "findings.items[].rule": "what its tool calls it",
  "findings.items[].aliases": "CVE, GHSA and other names of it",
  "findings.items[].new": "not in what is live",
  "findings.items[].ageSeconds": "since it was seen first",
  "findings.items[].fixable": "a version without it is out",
  "findings.items[].knownExploited": "on the list of what attackers use today (KEV)",
  "findings.items[].overdue": "open longer than the service's terms allow",
  "findings.items[].waived": "an accepted risk that holds here",
  sbom: "what it is made of: by the SBOM that was made of its own tree and by those that a producer has signed whom `requires.sbom.by` names; of several the worse word counts",
  "sbom.components": "how many",
  "sbom.licences": "SPDX expressions or names, each once",
  "sbom.withoutLicence": "components of which nobody says one",
  "evidence.signedBy": "producers of `requires.producers` whose signature covers the release",
  "evidence.provenance":
    "all that `requires.provenance` asks for is there and holds; false where it asks for nothing",
  "evidence.sbom": "there is an SBOM that counts",
  "evidence.attestations":
    "predicate types that `requires.attestations` asks for, and that are stated",
  "approvals[]":
    "people's signed answers to manual checks of this promotion that passed and have not expired",
  "approvals[].check": "which check",
  "approvals[].person": "a pseudonym, as in `release.createdBy`",
  "approvals[].role": "as what they answered",
  "approvals[].ageSeconds": "since they signed",
  "waivers[]": "accepted risks that hold here",
  "waivers[].id": "which one",
  "waivers[].of": "the finding or check that it is about",
  "waivers[].endsInSeconds": "how long it holds still",
  "access.reviewedSecondsAgo":
    "since a review that reaches this service was done to its last line; null: none was",
  "access.reviewsOverdue": "reviews that reach it and are over their day",
  "grades.isolation": "how services and checks run on this machine",
  "grades.identity": "how it was shown whose process answered the checks",
  "grades.governance": "`solo`: nobody else has looked",
};

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
}

interface FactRow {
  readonly path: string;
  readonly type: string;
  readonly nullable: boolean;
  /** Undefined: nobody has found any. */
  readonly words: string | undefined;
}

/** Every fact that a rule may name, in the schema's order. */
export function factRows(): readonly FactRow[] {
  const schema = z.toJSONSchema(GateFacts, { unrepresentable: "any" }) as JsonSchema;
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => rowsOf(name, one));
}

/** Words for what is no fact any more. */
export function wordsTooMany(): readonly string[] {
  const paths = new Set(factRows().map(({ path }) => path));
  return Object.keys(words).filter((path) => !paths.has(path));
}

function factTable(): string {
  const rows = factRows().map(
    ({ path, type, nullable, words: text = "" }) =>
      `| \`${path}\` | ${type}${nullable ? ", or null" : ""} | ${text} |`,
  );
  return ["| fact | type | what it is |", "| --- | --- | --- |", ...rows].join("\n");
}

const counts = "total, critical, high, medium, low, info, knownExploited, fixable, overdue";

function rowsOf(path: string, given: JsonSchema): readonly FactRow[] {
  const parts = given.anyOf ?? (Array.isArray(given.type) ? given.type.map(typed) : [given]);
  const nullable = parts.some(({ type }) => type === "null");
  const schema = parts.find(({ type }) => type !== "null") ?? given;
  const row = (type: string): FactRow => ({ path, type, nullable, words: words[path] });
  const { properties, additionalProperties, items } = schema;
  if (properties && Object.keys(properties).join(", ") === counts) return [row("counts")];
  if (properties) {
    const members = Object.entries(properties).flatMap(([name, one]) =>
      rowsOf(`${path}.${name}`, one),
    );
    return nullable || path.endsWith("[]") || path.endsWith(".*")
      ? [row("object"), ...members]
      : members;
  }
  if (schema.type === "object" && additionalProperties) {
    return rowsOf(`${path}.*`, additionalProperties);
  }
  if (items?.properties) {
    const [, ...members] = rowsOf(`${path}[]`, items);
    if (words[path] !== undefined) return [row("list of objects"), ...members];
    return rowsOf(`${path}[]`, items);
  }
  return [row(typeText(schema))];
}

function typed(type: string): JsonSchema {
  return { type };
}

function typeText({ type, enum: options, items, format }: JsonSchema): string {
  if (options) return options.map((one) => `\`${one}\``).join(", ");
  if (type === "array") return `list of ${items ? typeText(items) : "anything"}s`;
  if (type === "integer") return "int";
  if (type === "boolean") return "bool";
  return format === "date-time" ? "timestamp" : String(type ?? "string");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(root, gatesFile);
  writeFileSync(file, factsPage(readFileSync(file, "utf8")));
}
