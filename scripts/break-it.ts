// `npm run break-it`: switches every safeguard off in turn and shows which tests notice.
//
//   npm run break-it                  all of them
//   npm run break-it -- <name>...     these only
//   npm run break-it -- --write       writes docs/break-it.md instead
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { breakOne, type Finding, runUnbroken } from "./break-it/break-one.ts";
import { removeCopies } from "./break-it/copy-tree.ts";
import { breakItPage } from "./break-it/page.ts";
import { safeguards } from "./break-it/safeguards.ts";
import { root } from "./test/run-step.ts";

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--write")) {
    writeFileSync(join(root, "docs", "break-it.md"), breakItPage(safeguards));
    return 0;
  }
  const unknown = args.filter((name) => !safeguards.some((one) => one.name === name));
  if (unknown.length > 0) {
    console.error(`there is no safeguard ${unknown.join(", ")}; known:`);
    for (const { name } of safeguards) console.error(`  ${name}`);
    return 2;
  }
  const chosen = safeguards.filter(({ name }) => args.length === 0 || args.includes(name));
  console.log(`the tests of ${chosen.length} safeguards, with all of them on ...`);
  const unbroken = await runUnbroken(chosen);
  const width = Math.max(...chosen.map(({ name }) => name.length));
  const kinds: Finding["kind"][] = [];
  for (const safeguard of chosen) {
    const started = performance.now();
    const finding = await breakOne(safeguard, unbroken).catch((error: unknown): Finding => ({
      kind: "unclear",
      why: String(error),
    }));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    kinds.push(finding.kind);
    console.log(`${safeguard.name.padEnd(width)}  ${finding.kind.padEnd(9)}  ${seconds} s`);
    for (const line of details(finding)) console.log(`${" ".repeat(width)}  ${line}`);
  }
  const count = (kind: Finding["kind"]): number => kinds.filter((one) => one === kind).length;
  console.log(
    `${count("noticed")} noticed, ${count("unnoticed")} unnoticed, ${count("unclear")} unclear, ${count("skipped")} skipped`,
  );
  return count("noticed") > 0 && count("unnoticed") + count("unclear") === 0 ? 0 : 1;
}

function details(finding: Finding): readonly string[] {
  if (finding.kind === "noticed") {
    return finding.by.flatMap(({ test, message }) => [
      `${test.file}: ${test.name}`,
      `  ${message.slice(0, 160)}`,
    ]);
  }
  if (finding.kind === "unnoticed") return ["every named test passes without it"];
  return [finding.why];
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    removeCopies();
    process.exit(130);
  });
}
process.exitCode = await main(process.argv.slice(2));
