/** Changes that nothing can notice, each with its reason. `line`: a part of the line that it stands in. */
export const equivalents: readonly {
  readonly file: string;
  readonly line: string;
  readonly was: string;
  readonly becomes: string;
  /** How many changes of this kind that line has; one, where it is not said. */
  readonly times?: number;
  readonly why: string;
}[] = [
  {
    file: "src/policy/grades.ts",
    line: "const isolationOrder",
    was: '"none"',
    becomes: '"mutated"',
    why: "a word that is not in the list has place -1, below all others, where `none` belongs",
  },
  {
    file: "src/policy/grades.ts",
    line: "const presetOrder",
    was: '"baseline"',
    becomes: '"mutated"',
    why: "as above",
  },
  {
    file: "src/policy/grades.ts",
    line: "return presetOrder.indexOf(a) >=",
    was: ">=",
    becomes: ">",
    why: "of two that are the same either may be given back",
  },
  {
    file: "src/policy/grades.ts",
    line: 'return preset === "strict" ? "separate-user"',
    was: '"none"',
    becomes: '"mutated"',
    why: "what is below everything is never the stronger one",
  },
  {
    file: "src/policy/decide.ts",
    line: 'sorted[0]?.outcome ?? "deny"',
    was: '"deny"',
    becomes: '"mutated"',
    why: "there is always a first reason: where there was none, `no rule spoke for it` is one",
  },
  {
    file: "src/policy/decide.ts",
    line: "return a < b ? -1 : a > b ? 1 : 0",
    was: "1",
    becomes: "2",
    times: 2,
    why: "of what orders a list only the sign is read",
  },
  {
    file: "src/policy/grades.ts",
    line: "return isolationOrder.indexOf(a) >=",
    was: ">=",
    becomes: ">",
    why: "of two that are the same either may be given back",
  },
  {
    file: "src/policy/admission.ts",
    line: '"sha256:".length + 12',
    was: '"sha256:"',
    becomes: '"mutated"',
    why: "both words have seven letters, and only their number is read",
  },
  {
    file: "src/policy/schedule.ts",
    line: "`the freeze ${one.freeze.name} of",
    was: '""',
    becomes: '"mutated"',
    why: "a freeze that holds has its end; only a window's next opening may be out of sight",
  },
  {
    file: "src/policy/flaws.ts",
    line: "ageSeconds: age > 0 ? age : 0",
    was: ">",
    becomes: ">=",
    why: "an age of nought is nought either way",
  },
  {
    file: "src/policy/gate.ts",
    line: "if (items.length < 2) return items;",
    was: "items.length < 2",
    becomes: "false",
    why: "none and one are in order as they are: it saves their text",
  },
  {
    file: "src/policy/evidence.ts",
    line: "if (named.length === 0) return named;",
    was: "named.length === 0",
    becomes: "false",
    why: "of none none is kept: it saves the demand's digest",
  },
];
