import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import type { ManualAnswers } from "../../model/manual-check.ts";

/** Enough for a screen recording; what is larger is named by a link. */
const maxBytes = 256 * 1024 * 1024;

/**
 * What shows an item may be a file: its name alone would show nothing later, so name, digest and size are signed. The
 * file itself stays where it is; anybody who has it holds it against the digest (`sha256sum`).
 *
 * @param folder in which a relative name is looked for
 * @throws TidelockError `invalid-input` when `file:…` names no file that can be read
 */
export function withFiles(answers: ManualAnswers, folder: string): ManualAnswers {
  if (answers.kind !== "checklist") return answers;
  const items = answers.items.map((item) =>
    item.evidence === undefined
      ? item
      : { ...item, evidence: item.evidence.map((one) => evidenceText(one, folder)) },
  );
  return { ...answers, items };
}

/** `file:shot.png`, and what is the name of a file here, with its digest; anything else as it is. */
function evidenceText(said: string, folder: string): string {
  const named = said.startsWith("file:");
  const path = resolve(folder, named ? said.slice("file:".length) : said);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) {
    if (named) throw unreadable(said, "there is no such file");
    return said;
  }
  if (found.size > maxBytes) throw unreadable(said, `it has more than ${maxBytes} bytes`);
  const bytes = readFileSync(path);
  const digest = createHash("sha256").update(bytes).digest("hex");
  return `${basename(path)} sha256:${digest} (${bytes.length} bytes)`;
}

function unreadable(where: string, hint: string): TidelockError {
  return new TidelockError("invalid-input", "this evidence cannot be read", {
    fault: "operator",
    where,
    hint: `${hint}; what is no file of yours is named without \`file:\`, such as a link or a ticket`,
  });
}
