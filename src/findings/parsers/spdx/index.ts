import { z } from "zod";
import { type Format, fieldsOf } from "../format.ts";
import { manyWords, words } from "../lenient.ts";
import { hitsIn, inventory, SpdxPackage, toolAmong } from "./packages.ts";

const Frame = z.object({
  spdxVersion: z.string(),
  name: words,
  creationInfo: z.object({ created: words, creators: manyWords }).nullish().catch(undefined),
});

/** SPDX 2.0 to 2.3 in JSON: the vulnerabilities that its packages' security references name. */
export const spdx: Format = {
  id: "spdx",
  title: "SPDX 2 (JSON)",
  syntax: "json",
  items: [{ path: ["packages", "*"] }],
  recognise(sample) {
    const value = fieldsOf(sample);
    const is =
      typeof value?.["spdxVersion"] === "string" || value?.["SPDXID"] === "SPDXRef-DOCUMENT";
    return is && !("@graph" in value);
  },
  open(frame) {
    const { spdxVersion, name, creationInfo } = Frame.parse(frame);
    refuseOther(spdxVersion);
    const tool = toolAmong(creationInfo?.creators ?? []);
    return {
      item: (value) => hitsIn(SpdxPackage.parse(value)),
      end: () => ({
        complete: false,
        missing: inventory,
        ...(tool === undefined ? {} : { tool }),
        ...(name === undefined ? {} : { subject: name }),
        ...(creationInfo?.created === undefined ? {} : { madeAt: creationInfo.created }),
      }),
    };
  },
};

/** The same as lines of tags and values (clause 6 to 12 of SPDX 2.3). */
export const spdxTagValue: Format = {
  id: "spdx-tag-value",
  title: "SPDX 2 (tag-value)",
  syntax: "text",
  recognise: (sample) =>
    sample.syntax === "text" &&
    sample.lines.some((line) => /^\uFEFF?SPDXVersion:\s*SPDX-/.test(line)),
  open() {
    const document = new Map<string, string>();
    const creators: string[] = [];
    let open:
      | { name: string; versionInfo?: string; externalRefs: Record<string, string>[] }
      | undefined;
    /** Of a text over many lines only its beginning is of use here. */
    let within = false;
    const close = () => {
      const done = open;
      open = undefined;
      return done === undefined ? [] : hitsIn(SpdxPackage.parse(done));
    };
    return {
      item(line) {
        if (typeof line !== "string") return [];
        if (within) {
          within = !line.includes("</text>");
          return [];
        }
        const [, tag = "", raw = ""] = /^\uFEFF?([A-Za-z]{1,64}):\s*(.*)$/.exec(line) ?? [];
        within = raw.includes("<text>") && !raw.includes("</text>");
        const value = raw.replace(/<\/?text>/g, "").trim();
        switch (tag) {
          case "PackageName": {
            const before = close();
            open = { name: value, externalRefs: [] };
            return before;
          }
          case "FileName":
          case "SnippetSPDXID":
          case "LicenseID":
            return close();
          case "PackageVersion":
            if (open) open.versionInfo = value;
            return [];
          case "ExternalRef": {
            const [referenceCategory = "", referenceType = "", referenceLocator = ""] =
              value.split(/\s+/);
            open?.externalRefs.push({ referenceCategory, referenceType, referenceLocator });
            return [];
          }
          case "ExternalRefComment": {
            const last = open?.externalRefs.at(-1);
            if (last) last["comment"] = value;
            return [];
          }
          case "Creator":
            if (creators.length < 100) creators.push(value);
            return [];
          case "SPDXVersion":
            refuseOther(value);
            document.set(tag, value);
            return [];
          case "DocumentName":
          case "Created":
            if (!document.has(tag)) document.set(tag, value);
            return [];
          default:
            return [];
        }
      },
      end() {
        const drafts = close();
        if (!document.has("SPDXVersion")) throw new Error("it says no SPDXVersion");
        const tool = toolAmong(creators);
        const [name, created] = [document.get("DocumentName"), document.get("Created")];
        return {
          drafts,
          complete: false,
          missing: inventory,
          ...(tool === undefined ? {} : { tool }),
          ...(name === undefined ? {} : { subject: name }),
          ...(created === undefined ? {} : { madeAt: created }),
        };
      },
    };
  },
};

function refuseOther(version: string): void {
  if (!/^SPDX-2\.\d+$/.test(version.trim())) {
    throw new Error(`this is ${version.slice(0, 40)}; SPDX 2.0 to 2.3 and 3.0 are read`);
  }
}

export { spdx3 } from "./graph.ts";
