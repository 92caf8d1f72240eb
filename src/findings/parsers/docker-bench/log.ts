import { stripVTControlCharacters } from "node:util";
import type { Draft } from "../../observe.ts";
import type { Format } from "../format.ts";
import { wholeness } from "../loose.ts";
import { type Check, draftsOf } from "./check.ts";

/** Headings that look like checks: they have a number with a dot, and say INFO. */
const headings: ReadonlySet<string> = new Set([
  "Linux Hosts Specific Configuration",
  "General Configuration",
]);

const longestDetails = 4_096;

/**
 * The log of Docker Bench for Security, as it prints it and with or without its colours: `[WARN] 1.1  - Ensure …`,
 * what it found in lines with a star below, and the number of checks at its end.
 */
export const dockerBenchLog: Format = {
  id: "docker-bench-log",
  title: "Docker Bench for Security (log)",
  syntax: "text",
  recognise(sample) {
    if (sample.syntax !== "text") return false;
    const lines = sample.lines.map(plain);
    return (
      lines.some((line) => line.startsWith("# Docker Bench for Security")) ||
      (lines.some((line) => /^\[INFO\] \d - (?:Host|Docker|Container) ?/.test(line)) &&
        lines.some((line) => checkIn(line) !== null))
    );
  },
  open() {
    let version = "unknown";
    let open: Check | null = null;
    let assertions = 0;
    let ended = false;
    let remedies = false;
    const close = (next: Check | null): readonly Draft[] => {
      const drafts = open === null ? [] : draftsOf(open);
      open = next;
      return drafts;
    };
    return {
      item(value) {
        const line = plain(String(value));
        version = /^# Docker Bench for Security v([\w.-]{1,40})/.exec(line)?.[1] ?? version;
        if (line.startsWith("Section ")) remedies = line.includes("Remediation");
        if (/^\[INFO\] Checks: \d/.test(line)) ended = true;
        if (remedies) return [];
        const check = checkIn(line);
        if (check !== null) {
          assertions += 1;
          return close(check);
        }
        const detail = /^\[[A-Z]{4}\]\s+\* (.*)$/.exec(line)?.[1];
        if (detail === undefined) return close(null);
        if (open !== null && open.details.length < longestDetails) {
          open = { ...open, details: `${open.details}${open.details && "\n"}${detail}` };
        }
        return [];
      },
      end() {
        if (assertions === 0 && version === "unknown") {
          throw new Error("it is no log of Docker Bench");
        }
        return {
          drafts: close(null),
          tool: { name: "docker-bench-security", version },
          exercised: { assertions },
          ...wholeness(ended ? undefined : "its end"),
        };
      },
    };
  },
};

function checkIn(line: string): Check | null {
  const found = /^\[([A-Z]{4})\] ([A-Za-z0-9]{1,6}(?:\.\d{1,4}){1,5})\s{1,8}- (.*)$/.exec(line);
  const [, result = "", id = "", desc = ""] = found ?? [];
  if (found === null || headings.has(desc.trim())) return null;
  return { id, result, desc: desc.trim(), details: "", remediation: "" };
}

/** Without colours; a line longer than any that the tool writes is cut. */
function plain(line: string): string {
  return stripVTControlCharacters(line.slice(0, 4_096)).trimEnd();
}
