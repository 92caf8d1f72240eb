import type { NamedTest, Safeguard } from "./safeguard.ts";

/** docs/break-it.md. */
export function breakItPage(safeguards: readonly Safeguard[]): string {
  const rows = safeguards.map(({ name, prevents, off, edits, noticedBy }) => {
    const places = [...new Set(edits.map(({ file }) => `\`${file}\``))].join(", ");
    const tests = noticedBy.map(test).join("<br>");
    return `| \`${name}\` | ${prevents} | ${off} (${places}) | ${tests} |`;
  });
  return `# Break it

A safeguard that no test misses is a decoration. \`npm run break-it\` switches each of these off in turn, by
an edit in a temporary copy of the tree, and runs the named tests: with every safeguard on they must pass,
without this one at least one must fail. Another test of the same part must pass both times, so that what
is noticed is the safeguard's absence and not a broken program. The command says which tests failed and
how, and ends with 1 when a safeguard can be switched off unnoticed or when that could not be told.

\`\`\`
npm run break-it                    # all of them
npm run break-it -- agent-fence     # one or some of them
npm run break-it -- --write         # writes this page from scripts/break-it/safeguards/
\`\`\`

\`npm test\` checks that each edit still fits the code and that this page says what the table does, and
carries out the quickest ones. Tests that need root or Linux are said to be skipped elsewhere.

| name | what it prevents | what is switched off | tests that notice |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function test({ file, name }: NamedTest): string {
  return `*${name}* (\`${file}\`)`;
}
