import { TidelockError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import type { CheckContext } from "../../ports/check.ts";
import { isReading } from "../live-side.ts";
import { readTreeFiles } from "../tree-files.ts";
import { readYaml } from "../yaml-apart.ts";
import { type RegressionConfiguration, type Request, SuiteFile } from "./schema.ts";

const maxFileBytes = 1024 * 1024;

/** What was declared: in the pipeline, and in a file of the release. */
export async function declaredRequests(
  context: CheckContext,
  configuration: RegressionConfiguration,
): Promise<readonly Request[]> {
  const { requests, suite } = configuration;
  if (suite === undefined) return requests;
  const wanted = { tree: context.tree, globs: [suite], maxFiles: 1, maxBytes: maxFileBytes };
  const found = await readTreeFiles(context.readTree(), wanted);
  const file = found.find(({ path }) => path === suite);
  if (file === undefined) throw bad(suite, "the release has no such file");
  const own = await readSuite(suite, file.bytes.toString("utf8"));
  const writing = own.find(({ method }) => !isReading(method));
  // The file travels with the release: it cannot make a passive check an intrusive one.
  if (writing && !configuration.writes) {
    throw bad(suite, `${nameOf(writing)} writes, and the pipeline does not say \`writes: true\``);
  }
  return [...requests, ...own];
}

async function readSuite(path: string, text: string): Promise<readonly Request[]> {
  let data: unknown;
  try {
    // JSON is YAML.
    data = await readYaml(text);
  } catch (error) {
    throw bad(path, `it is neither JSON nor YAML: ${printable(String(error), 200)}`);
  }
  const parsed = SuiteFile.safeParse(data);
  if (parsed.success) return parsed.data.requests;
  const issue = parsed.error.issues[0];
  throw bad(
    path,
    `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "it does not fit"}`,
  );
}

function bad(path: string, message: string): TidelockError {
  return new TidelockError("invalid-input", `the suite ${printable(path, 200)}: ${message}`, {
    fault: "operator",
    where: "with.suite",
    hint: "a list of `requests`, each with a `path`",
  });
}

export function nameOf({ name, method, path }: Request): string {
  return name ?? `${method} ${path}`;
}
