import { z } from "zod";
import type { Draft } from "../../observe.ts";
import { type Format, isRecord, valuesOf } from "../format.ts";

const Leak = z.object({
  RuleID: z.string(),
  Description: z.string().default(""),
  File: z.string(),
  StartLine: z.number().optional(),
  Commit: z.string().optional(),
  Secret: z.string().optional(),
  Fingerprint: z.string().optional(),
});

/** Before version 8. */
const OldLeak = z.object({
  rule: z.string(),
  file: z.string(),
  lineNumber: z.number().optional(),
  offender: z.string().optional(),
});

const Frame = z.tuple([]).nullable();

/**
 * gitleaks' JSON, of version 8 and before; nothing found is `[]` or `null`. The value of a secret is digested under
 * the server's key and not kept, its line and the commit's author are never read. gitleaks gives no severity: a
 * secret is high.
 */
export const gitleaks: Format = {
  id: "gitleaks",
  title: "Gitleaks (JSON)",
  syntax: "json",
  items: [{ path: ["*"] }],
  recognise(sample) {
    const [first] = valuesOf(sample) ?? [];
    if (!isRecord(first)) return false;
    return ("RuleID" in first && "File" in first) || ("offender" in first && "rule" in first);
  },
  open(frame) {
    Frame.parse(frame);
    return {
      item: (value) => [
        isRecord(value) && "RuleID" in value
          ? hitOf(Leak.parse(value))
          : oldHitOf(OldLeak.parse(value)),
      ],
      end: () => ({ complete: true }),
    };
  },
};

const common = { kind: "secret", severity: "high", severityStated: false, cwe: [798] } as const;

function hitOf({
  RuleID,
  Description,
  File,
  StartLine,
  Commit,
  Secret,
  Fingerprint,
}: z.infer<typeof Leak>): Draft {
  return {
    ...common,
    rule: RuleID,
    title: Description === "" ? `a secret: ${RuleID}` : Description,
    place: { kind: "file", path: File, line: StartLine },
    secretValue: shown(Secret),
    // It is made of commit, file, rule and line: of a commit these stay, of a folder lines move.
    ...(Commit && Fingerprint ? { fingerprints: { "gitleaks/commit": Fingerprint } } : {}),
  };
}

function oldHitOf({ rule, file, lineNumber, offender }: z.infer<typeof OldLeak>): Draft {
  return {
    ...common,
    rule,
    title: `a secret: ${rule}`,
    place: { kind: "file", path: file, line: lineNumber },
    secretValue: shown(offender),
  };
}

/** `--redact` writes the same word for every secret, or only its beginning. */
function shown(value: string | undefined): string | undefined {
  return value === undefined || /^REDACTED$|\.\.\.$|^\*+$/.test(value) ? undefined : value;
}
