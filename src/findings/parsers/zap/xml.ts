import { severities as all, type Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import type { Format } from "../format.ts";
import { wholeness } from "../loose.ts";
import { type Element, attributeOf, childOf, childrenOf } from "../xml.ts";

/** ZAP's risk codes. */
const risks: readonly Severity[] = ["info", "low", "medium", "high"];

/**
 * ZAP's traditional report in XML, plain and `XML plus` with requests and answers, of which nothing is kept: a hit
 * for each place of each alert. Confidence 0 is ZAP's word for an alert that somebody marked as a false positive:
 * it counts, marked as suppressed.
 */
export const zapXml: Format = {
  id: "zap-xml",
  title: "ZAP (XML)",
  syntax: "xml",
  items: [{ path: ["OWASPZAPReport", "site", "alerts", "alertitem"] }],
  recognise: (sample) => sample.syntax === "xml" && sample.root === "OWASPZAPReport",
  open(frame) {
    const report = frame as Element;
    if (report.name !== "OWASPZAPReport") throw new Error("it is no report of ZAP");
    const sites = childrenOf(report, "site")
      .map((site) => attributeOf(site, "name") ?? "")
      .filter((name) => name !== "");
    // `generated` has no time zone; `created` is newer.
    const made = Date.parse(attributeOf(report, "created") ?? "");
    return {
      item: (value) => draftsOf(value as Element, sites[0] ?? ""),
      end: () => ({
        tool: { name: "zap", version: attributeOf(report, "version") ?? "unknown" },
        ...(sites.length === 0 ? {} : { subject: sites.toSorted().slice(0, 100).join(", ") }),
        ...(Number.isNaN(made) ? {} : { madeAt: new Date(made).toISOString() }),
        ...wholeness(sites.length === 0 ? "no site was looked at" : undefined),
      }),
    };
  },
};

function draftsOf(alert: Element, site: string): readonly Draft[] {
  const text = (name: string) => childOf(alert, name)?.text.trim() ?? "";
  const code = text("riskcode");
  const severity = /^\d$/.test(code) ? risks[Number(code)] : undefined;
  const cwe = Number(text("cweid"));
  const reference = text("alertRef");
  const shared = {
    rule: text("pluginid") || text("alertRef") || text("alert"),
    severity: severity ?? severityIn(text("riskdesc")),
    title: text("name") || text("alert"),
    message: plain(text("desc")),
    cwe: cwe > 0 ? [cwe] : [],
    scope: reference === text("pluginid") ? "" : reference,
    suppressed: text("confidence") === "0",
    kind: "web" as const,
    references: linksIn(text("reference")),
  };
  return instancesOf(alert, site).map(({ uri, method, param }) => ({
    ...shared,
    place: {
      kind: "http",
      method,
      route: URL.canParse(uri) ? new URL(uri).pathname : uri,
      ...(param === "" ? {} : { parameter: param }),
    },
  }));
}

interface Instance {
  readonly uri: string;
  readonly method: string;
  readonly param: string;
}

/** Before 2.5 an alert has one place of its own; one without any is about its site. */
function instancesOf(alert: Element, site: string): readonly Instance[] {
  const list = childOf(alert, "instances");
  const found = list === undefined ? [] : childrenOf(list, "instance");
  return (found.length > 0 ? found : [alert]).map((element) => {
    const text = (name: string) => childOf(element, name)?.text.trim() ?? "";
    return { uri: text("uri") || site, method: text("method") || "GET", param: text("param") };
  });
}

/** `Medium (High)`: risk, and in brackets how sure it is. */
function severityIn(words: string): Severity | null {
  const word = words.split(/[\s(]/, 1)[0]?.toLowerCase() ?? "";
  return word === "informational" ? "info" : (all.find((one) => one === word) ?? null);
}

function plain(html: string): string {
  return html
    .slice(0, 8_192)
    .replaceAll(/<\/?p>/g, " ")
    .trim();
}

function linksIn(html: string): readonly string[] {
  return plain(html)
    .split(/\s+/, 20)
    .filter((word) => /^https?:\/\//.test(word));
}
