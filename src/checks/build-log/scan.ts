import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { printable } from "../../model/printable.ts";
import { Fingerprints } from "../scanner/fingerprint.ts";
import type { Scanner } from "../scanner/scanner.ts";

const Options = z.strictObject({ path: z.string(), ignore: z.array(z.string()) });

/** What compilers, bundlers and package managers call a warning, an error or something outdated. */
const warning =
  /\bwarn(?:ing)?s?\b|\bdeprecat(?:ed|ion)\b|\bDeprecationWarning\b|\bERR!|\berror(?:\[\w+\])?\s*(?:TS\d+|:)|\bCVE-\d{4}-\d+|\bvulnerabilit(?:y|ies)\b/i;
/** `0 warnings`, `no warnings`, `-Wno-…` and `found 0 vulnerabilities` say that there is none. */
const none =
  /\b(?:0|no|zero|without)\s+(?:\w+\s+){0,2}(?:warnings?|errors?|vulnerabilit(?:y|ies))\b|(?:warnings?|errors?)\s*[:=]\s*0\b/gi;
const maxLine = 2_000;

export const buildLogScanner: Scanner<typeof Options> = {
  options: Options,
  begin: ({ path, ignore }) => {
    let lines = 0;
    const prints = new Fingerprints();
    return {
      wants: (entry) => (entry.path === path ? { kind: "windows" } : { kind: "pass-over" }),
      file: (file, report) => {
        if (file.binary) throw new Error("it is no text");
        for (const [index, whole] of file.text.split("\n").entries()) {
          // Without the colours that terminals get. A log can hold megabytes in a line.
          const line = stripVTControlCharacters(whole.slice(0, maxLine));
          if (line.trim() !== "") lines = Math.max(lines, file.firstLine + index);
          if (!warning.test(line.replaceAll(none, ""))) continue;
          if (ignore.some((text) => line.includes(text))) continue;
          report({
            rule: "build-warning",
            path,
            line: file.firstLine + index,
            message: printable(line.trim(), 300),
            fingerprint: prints.of("build-warning", line.replaceAll(/\d+/g, "0"), 1),
          });
        }
      },
      end: () => ({ lines }),
    };
  },
};
