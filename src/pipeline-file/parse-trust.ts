import type { Problem } from "../model/errors.ts";
import { printable } from "../model/printable.ts";
import { ReleaseTrust } from "../model/producers.ts";
import { explainIssues } from "./explain.ts";
import { invalid } from "./parse.ts";
import { readYaml } from "./read-yaml.ts";

/**
 * Reads what somebody demands of releases (`kind: ReleaseTrust`), YAML or JSON. Throws `invalid-input` with
 * all problems, each with its place.
 */
export function parseReleaseTrust(file: string, text: string): ReleaseTrust {
  const { documents, problems } = readYaml(file, text);
  const [source, ...more] = documents;
  const found: Problem[] = [...problems];
  if (source === undefined || more.length > 0) {
    const hint = "write one document with `kind: ReleaseTrust`";
    const where = `${printable(file)}:1:1`;
    if (found.length === 0) found.push({ where, message: "one document is expected", hint });
    throw invalid(file, found);
  }
  const parsed = ReleaseTrust.safeParse(source.value);
  if (!parsed.success) {
    const held = { schema: ReleaseTrust, source, base: [] };
    found.push(...explainIssues(held, parsed.error.issues, 100));
  } else if (found.length === 0) return parsed.data;
  throw invalid(file, found);
}
