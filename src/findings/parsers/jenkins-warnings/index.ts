import { z } from "zod";
import { type Format, type Summary, valuesOf } from "../format.ts";
import { attributeOf, childOf, type Element } from "../xml.ts";
import { draftOf, Issue } from "./issue.ts";

const api = "io.jenkins.plugins.analysis.core.restapi.ReportApi";
const Frame = z.object({ issues: z.array(z.unknown()), size: z.number().nullish() });
const Native = z.object({
  issues: z
    .array(
      z
        .object({ fileName: z.string(), severity: z.string() })
        .or(z.object({ fileName: z.string(), lineStart: z.number() })),
    )
    .min(1),
});

/**
 * Issues of Jenkins' Warnings plugin: what its remote API answers (`<build>/<id>/all/api/json`, `…/api/xml`), and
 * its native formats, which tools write for it. ERROR and HIGH are high, NORMAL is medium, LOW low.
 */
export const jenkinsWarnings: Format = {
  id: "jenkins-warnings",
  title: "Jenkins Warnings (JSON)",
  syntax: "json",
  items: [{ path: ["issues", "*"] }],
  recognise(sample) {
    if (sample.syntax !== "json") return false;
    const { value } = sample;
    const named = z.object({ _class: z.literal(api), issues: z.array(z.unknown()) });
    return named.safeParse(value).success || Native.safeParse(value).success;
  },
  open(frame) {
    const { size } = Frame.parse(frame);
    return reader((value) => Issue.parse(value), size ?? undefined);
  },
};

export const jenkinsWarningsXml: Format = {
  id: "jenkins-warnings-xml",
  title: "Jenkins Warnings (XML of its API)",
  syntax: "xml",
  items: [{ path: ["reportApi", "issue"] }],
  recognise: (sample) => sample.syntax === "xml" && sample.root === "reportApi",
  open(frame) {
    const size = Number(childOf(frame as Element, "size")?.text ?? NaN);
    const root = attributeOf(frame as Element, "_class");
    if (root !== undefined && root !== api) throw new Error(`${root.slice(0, 100)} is unknown`);
    return reader(ofElement, Number.isInteger(size) ? size : undefined);
  },
};

/** `issues.log`: an issue a line; lines that begin with `#` or `//` are remarks. */
export const jenkinsWarningsLog: Format = {
  id: "jenkins-warnings-log",
  title: "Jenkins Warnings (native log, an issue a line)",
  syntax: "text",
  recognise(sample) {
    if (sample.syntax !== "text") return false;
    const first = sample.lines.find((line) => !isRemark(line));
    return first !== undefined && /^\s*\{\s*"fileName"\s*:/.test(first);
  },
  open() {
    const inner = reader((value) => Issue.parse(value));
    let broken = 0;
    return {
      item(value) {
        const line = String(value);
        if (isRemark(line)) return [];
        let issue: unknown;
        try {
          issue = JSON.parse(line);
        } catch {
          broken += 1;
          return [];
        }
        return inner.item(issue);
      },
      end(): Summary {
        const summary = inner.end();
        if (broken === 0) return summary;
        return { ...summary, complete: false, missing: `${broken} lines are no JSON` };
      },
    };
  },
};

export const jenkinsWarningsLines: Format = {
  id: "jenkins-warnings-lines",
  title: "Jenkins Warnings (JSON lines)",
  syntax: "lines",
  recognise: (sample) => Native.safeParse({ issues: valuesOf(sample)?.slice(0, 1) }).success,
  open: () => reader((value) => Issue.parse(value)),
};

function isRemark(line: string): boolean {
  return /^\s*(?:#|\/\/|$)/.test(line);
}

function reader(read: (value: unknown) => Issue, size?: number) {
  let count = 0;
  return {
    item(value: unknown) {
      count += 1;
      return [draftOf(read(value))];
    },
    end(): Summary {
      const whole = size === undefined || size <= count;
      return {
        tool: { name: "jenkins-warnings", version: "unknown" },
        complete: whole,
        ...(whole ? {} : { missing: `it has ${count} of ${size} issues` }),
      };
    },
  };
}

const texts = [
  "fileName",
  "severity",
  "category",
  "type",
  "message",
  "description",
  "packageName",
  "moduleName",
  "origin",
  "fingerprint",
] as const;

function ofElement(value: unknown): Issue {
  const element = value as Element;
  const words = texts.map((name) => [name, childOf(element, name)?.text.trim()]);
  const line = Number(childOf(element, "lineStart")?.text ?? NaN);
  return Issue.parse({
    ...Object.fromEntries(words),
    ...(Number.isInteger(line) ? { lineStart: line } : {}),
  });
}
