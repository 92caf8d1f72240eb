import { z } from "zod";
import { cweIn, type Draft, type DraftPlace } from "../../observe.ts";
import type { Format } from "../format.ts";
import { ownFields, ownKey } from "../own-fields.ts";
import { severityOfWord } from "../severity-words.ts";

const text = z.string().nullish();
const number = z.number().nullish();

const Finding = z.object({
  nativeId: text,
  severity: text,
  summary: text,
  description: text,
  scannerDetail: text,
  scannerRecommendation: text,
  staticDetails: z
    .object({
      file: text,
      parameter: text,
      dataFlow: z.array(z.object({ file: text, lineNumber: number, text })).nullish(),
    })
    .nullish(),
  dynamicDetails: z
    .object({ surfaceLocation: z.object({ url: text, path: text, parameter: text }).nullish() })
    .nullish(),
  dependencyDetails: z
    .object({
      library: text,
      version: text,
      reference: text,
      referenceLink: text,
      filePath: text,
      issueType: text,
    })
    .nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  mappings: z
    .array(z.object({ mappingType: text, value: text, primary: z.boolean().nullish() }))
    .nullish(),
});
type FindingType = z.infer<typeof Finding>;

const Frame = z.object({
  created: text,
  updated: text,
  collectionType: z.string(),
  source: z.string(),
  findings: z.array(z.unknown()),
});

/**
 * ThreadFix's exchange file (`.threadfix`). A finding's rule is its vendor mapping, else the reference of its
 * dependency, else its CVE or CWE.
 */
export const threadfix: Format = {
  id: "threadfix",
  title: "ThreadFix file",
  syntax: "json",
  items: [{ path: ["findings", "*"] }],
  recognise: (sample) => sample.syntax === "json" && Frame.safeParse(sample.value).success,
  open(frame) {
    const { updated, created, source } = Frame.parse(frame);
    const at = updated ?? created ?? "";
    return {
      item: (value) => [draftOf(Finding.parse(value))],
      end: () => ({
        tool: { name: source, version: "unknown" },
        ...(z.iso.datetime({ offset: true }).safeParse(at).success ? { madeAt: at } : {}),
        complete: true,
      }),
    };
  },
};

function draftOf(finding: FindingType): Draft {
  const { nativeId, severity, summary, dependencyDetails: dependency, mappings } = finding;
  const own = finding.metadata?.[ownKey];
  const valuesOf = (type: string) =>
    (mappings ?? []).flatMap((one) => (one.mappingType === type && one.value ? [one.value] : []));
  const cves = valuesOf("CVE");
  const cwes = valuesOf("CWE");
  const rule =
    valuesOf("TOOL_VENDOR")[0] ??
    dependency?.reference ??
    cves[0] ??
    (cwes[0] === undefined ? summary : `CWE-${cwes[0].replace(/^CWE-/i, "")}`);
  const parts = [finding.description, finding.scannerDetail, finding.scannerRecommendation];
  return {
    rule: rule ?? "",
    severity: severityOfWord(severity),
    title: summary ?? undefined,
    message: [...new Set(parts.filter(Boolean))].join("\n"),
    place: placeOf(finding),
    ...(dependency?.issueType === "LICENSE" ? { kind: "license" } : {}),
    cwe: cweIn(cwes.map((one) => `cwe-${one.replace(/^CWE-/i, "")}`)),
    aliases: cves,
    references: dependency?.referenceLink ? [dependency.referenceLink] : [],
    snippet: finding.staticDetails?.dataFlow?.at(-1)?.text ?? undefined,
    ...(nativeId ? { fingerprints: { "threadfix-native-id": nativeId } } : {}),
    ...ownFields(typeof own === "string" ? own : undefined),
  } as Draft;
}

function placeOf({ staticDetails, dynamicDetails, dependencyDetails }: FindingType): DraftPlace {
  if (dependencyDetails?.library) {
    return {
      kind: "package",
      name: dependencyDetails.library,
      version: dependencyDetails.version ?? "",
      ...(dependencyDetails.filePath ? { path: dependencyDetails.filePath } : {}),
    };
  }
  const surface = dynamicDetails?.surfaceLocation;
  const url = surface?.url ?? surface?.path;
  if (url) {
    return {
      kind: "http",
      method: "GET",
      route: URL.canParse(url) ? new URL(url).pathname : url,
      parameter: surface?.parameter || undefined,
    };
  }
  // The last element of a flow is where it ends, in the unsafe call.
  const sink = staticDetails?.dataFlow?.at(-1);
  const path = sink?.file ?? staticDetails?.file;
  if (path) return { kind: "file", path, line: sink?.lineNumber ?? undefined };
  return { kind: "resource", name: "unknown" };
}
