import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { type Draft, imageName } from "../../observe.ts";
import { type Format, fieldsOf, isRecord, valuesOf } from "../format.ts";
import { flag, words } from "../lenient.ts";
import { namesOf } from "../package-names.ts";
import { severityOfRating } from "../package-ratings.ts";
import { packagePlace } from "../package-url.ts";

/** One rule of a policy that an image met. */
const Finding = z.object({
  gate: words,
  triggerName: words,
  triggerId: words,
  description: words,
  status: words,
  policyId: words,
  tag: words,
  whitelisted: flag,
});
type Finding = z.infer<typeof Finding>;

/** Of anchore-engine and Enterprise by REST: a table, with the names of its columns. */
const Evaluation = z.object({
  detail: z.object({
    result: z.object({
      evaluation_problems: z.array(z.unknown()).nullish(),
      /** By the image's id, among lists about the policy. */
      result: z.record(z.string(), z.unknown()),
    }),
  }),
});

const Table = z.object({
  result: z.object({ header: z.array(z.string()), rows: z.array(z.array(z.unknown())) }),
});

/** Policy evaluations in lists: of the REST interface, by digest and tag, and of older versions of anchorectl. */
export const anchorePolicy: Format = {
  id: "anchore-policy",
  title: "Anchore (policy evaluation)",
  syntax: "json",
  items: [{ path: ["*", "detail", "*"] }, { path: ["*", "*", "*", "*"] }],
  recognise(sample) {
    if (sample.syntax !== "json") return false;
    const [first] = valuesOf(sample) ?? [];
    if (!isRecord(first)) return false;
    if ("finalAction" in first && "policyId" in first) return true;
    const [digest] = Object.keys(first);
    return (digest ?? "").startsWith("sha256:") && isRecord(first[digest ?? ""]);
  },
  open(value) {
    if (!Array.isArray(value)) throw new Error("it is no list of evaluations");
    const subjects = new Set<string>();
    let problems = 0;
    return {
      item(one, { item, keys }) {
        if (item === 0) {
          const finding = Finding.parse(one);
          if (finding.tag !== undefined && subjects.size < 8) subjects.add(imageName(finding.tag));
          return [hitOf(finding)];
        }
        const { detail } = Evaluation.parse(one);
        problems += detail.result.evaluation_problems?.length ?? 0;
        const tag = String(keys[2] ?? "");
        if (subjects.size < 8) subjects.add(imageName(tag));
        const tables = Object.values(detail.result.result).filter(
          (one) => isRecord(one) && isRecord(one["result"]),
        );
        if (tables.length === 0) throw new Error("an evaluation without a table of results");
        return tables
          .map((table) => Table.parse(table).result)
          .flatMap(({ header, rows }) => rows.map((row) => hitOf(findingOf(header, row, tag))));
      },
      end: () => ({
        complete: problems === 0,
        ...(problems === 0 ? {} : { missing: `the evaluation met ${problems} problems` }),
        tool: { name: "anchore", version: "unknown" },
        ...(subjects.size === 0 ? {} : { subject: [...subjects].toSorted().join(", ") }),
      }),
    };
  },
};

/** `anchorectl policy evaluate -o json`. */
export const anchorePolicyObject: Format = {
  id: "anchore-policy-object",
  title: "Anchore (policy evaluation of one image)",
  syntax: "json",
  items: [{ path: ["evaluations", "*", "details", "*"] }],
  recognise(sample) {
    const value = fieldsOf(sample);
    return value !== undefined && "evaluatedTag" in value && Array.isArray(value["evaluations"]);
  },
  open(value) {
    const frame = z
      .object({
        evaluatedTag: words,
        evaluations: z.array(
          z.object({ evaluationTime: words, numberOfFindings: z.number().nullish() }),
        ),
      })
      .parse(value);
    const { evaluatedTag: tag, evaluations } = frame;
    const expected = evaluations.reduce(
      (sum, { numberOfFindings }) => sum + (numberOfFindings ?? 0),
      0,
    );
    const made = evaluations
      .flatMap(({ evaluationTime }) => evaluationTime ?? [])
      .toSorted()
      .at(-1);
    let seen = 0;
    return {
      item(one) {
        seen += 1;
        return [hitOf(Finding.parse(one))];
      },
      end: () => ({
        complete: seen >= expected,
        ...(seen >= expected
          ? {}
          : { missing: `it says that it has ${expected} findings, and shows ${seen}` }),
        tool: { name: "anchore", version: "unknown" },
        ...(tag === undefined ? {} : { subject: imageName(tag) }),
        ...(made === undefined ? {} : { madeAt: made }),
      }),
    };
  },
};

/** A row by its columns' names. */
function findingOf(header: readonly string[], row: readonly unknown[], tag: string): Finding {
  const cells = new Map(header.map((name, index) => [name.toLowerCase(), row[index]]));
  return Finding.parse({
    gate: cells.get("gate"),
    triggerName: cells.get("trigger"),
    triggerId: cells.get("trigger_id"),
    description: cells.get("check_output"),
    status: cells.get("gate_action"),
    policyId: cells.get("policy_id"),
    tag,
    // A name of the list that allows it, or false.
    whitelisted:
      cells.get("whitelisted") !== false &&
      cells.get("whitelisted") !== undefined &&
      cells.get("whitelisted") !== null,
  });
}

const actions: ReadonlyMap<string, Severity> = new Map([
  ["stop", "critical"],
  ["warn", "medium"],
  ["go", "info"],
]);

function hitOf(one: Finding): Draft {
  const text = one.description ?? "";
  const tag = imageName(one.tag ?? "image");
  const word = severityOfRating(/^[A-Z]+(?= )/.exec(text)?.[0]);
  const shared = {
    severity: word ?? actions.get(one.status?.toLowerCase() ?? "") ?? null,
    severityStated: word !== null,
    title: text,
    message: text,
    suppressed: one.whitelisted ?? false,
    scope: one.policyId,
  };
  const [id = "", artifact = ""] = (one.triggerId ?? "").split("+", 2);
  if (one.gate === "vulnerabilities" && artifact !== "") {
    // `Vulnerability found in non-os package type (java) - /app/a-1.jar (fixed in: 2)(CVE-2024-1 - https://…)`
    const path = /package type \([^)]{1,40}\) - (\/[^\s(]{1,1000})/.exec(text)?.[1];
    const fixed = /\(fixed in: ?([^)]{1,200})\)/.exec(text)?.[1];
    const inner = artifact.split(":").at(-1) ?? artifact;
    const [, name = inner, version] = /^(.{1,400}?)-(\d.{0,200}?)(?:\.[jwe]ar)?$/.exec(inner) ?? [];
    return {
      ...shared,
      kind: "dependency",
      ...namesOf([id]),
      place: packagePlace({ name, version, path }),
      fixedIn: fixed,
    };
  }
  return {
    ...shared,
    kind: one.gate === "licenses" ? "license" : one.gate === "secret_scans" ? "secret" : "host",
    rule: [one.gate ?? "policy", one.triggerName].filter(Boolean).join("/"),
    place: { kind: "resource", name: tag },
    ...(one.triggerId === undefined ? {} : { fingerprints: { "anchore/trigger": one.triggerId } }),
  };
}
