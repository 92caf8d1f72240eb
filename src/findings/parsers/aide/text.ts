import type { Draft } from "../../observe.ts";
import type { Format } from "../format.ts";
import { wholeness } from "../loose.ts";
import { type Change, differenceOf, draftOf, instantOf } from "./entry.ts";

const sections: ReadonlyMap<string, Change> = new Map([
  ["added entries:", "added"],
  ["added files:", "added"],
  ["removed entries:", "removed"],
  ["removed files:", "removed"],
  ["changed entries:", "changed"],
  ["changed files:", "changed"],
]);

/**
 * AIDE's report as text, of versions 0.15 and later. It is whole with its last line (`End timestamp`); versions
 * before 0.16 have none, and their lists alone say so.
 */
export const aideText: Format = {
  id: "aide-text",
  title: "AIDE (text)",
  syntax: "text",
  recognise: (sample) =>
    sample.syntax === "text" && sample.lines.some((line) => outlineIn(line) !== null),
  open() {
    const seen = { added: 0, removed: 0, changed: 0 };
    const stated = { added: 0, removed: 0, changed: 0 };
    let outline = "";
    let version = "unknown";
    let madeAt: string | undefined;
    let section: Change | null = null;
    let total = 0;
    let old = false;
    let ended = false;
    const heading = (line: string): boolean => {
      const start = /^Start timestamp: (\S+ \S+ \S+)(?: \(AIDE ([\w.-]{1,40})\))?/.exec(line);
      if (start) {
        madeAt = instantOf(start[1] ?? "");
        version = start[2] ?? version;
      }
      version = /^AIDE (\d[\w.-]{0,40}) found /.exec(line)?.[1] ?? version;
      const first = outlineIn(line);
      if (first !== null) {
        outline = outline || first;
        old ||= line.startsWith("AIDE 0.15");
      }
      if (line.startsWith("End timestamp: ")) ended = true;
      const number =
        /^\s*(Total number of|Number of|Added|Removed|Changed) (?:entries|files):\s{0,40}(\d{1,12})$/.exec(
          line,
        );
      if (number) {
        const kind = number[1]?.toLowerCase();
        if (kind === "added" || kind === "removed" || kind === "changed") {
          stated[kind] = Number(number[2]);
        } else total = Number(number[2]);
      }
      return start !== null || first !== null || number !== null;
    };
    return {
      item(value): readonly Draft[] {
        const line = String(value).slice(0, 8_192).trimEnd();
        const begun = sections.get(line.toLowerCase());
        if (begun !== undefined) {
          section = begun;
          return [];
        }
        if (heading(line) || line === "" || /^-{10,}$/.test(line)) return [];
        const entry = section === null ? null : entryIn(line);
        if (section !== null && entry !== null) {
          seen[section] += 1;
          return [draftOf(section, entry.path, entry.flags)];
        }
        // Any other words at a line's beginning are another section's.
        if (/^[A-Z]/.test(line)) section = null;
        return [];
      },
      end() {
        if (outline === "") throw new Error("it is no report of AIDE");
        return {
          tool: { name: "aide", version },
          ...(madeAt === undefined ? {} : { madeAt }),
          ...(total === 0 ? {} : { exercised: { assertions: total } }),
          ...wholeness(differenceOf(outline, stated, seen), ended || old ? undefined : "its end"),
        };
      },
    };
  },
};

function outlineIn(line: string): string | null {
  const plain = line.trim();
  return /^AIDE (?:\d[\w.-]{0,40} )?found (?:NO )?differences /.test(plain) ? plain : null;
}

/** `f > ... mc..H : /etc/a`; of 0.15 `added: /etc/a`. */
function entryIn(line: string): { flags: string; path: string } | null {
  const old = /^(?:added|removed|changed): (\/.{0,4096})$/.exec(line)?.[1];
  if (old !== undefined) return { flags: "", path: old };
  const found = /^([fdlLDBFspbc?!][^:]{3,40}): (\/.{0,4096})$/.exec(line);
  return found ? { flags: found[1] ?? "", path: found[2] ?? "" } : null;
}
