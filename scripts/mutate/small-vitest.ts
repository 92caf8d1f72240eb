// Stands in for `vitest` while mutants are tried: the same tests, run one by one in a process that stays. It knows what
// the policy's tests use, and says so where one uses more.
export { expect, vi } from "vitest";

type Body = (...values: readonly never[]) => unknown;
type Hook = () => unknown;

interface Suite {
  readonly name: string;
  readonly above: Suite | null;
  readonly before: Hook[];
  readonly after: Hook[];
}

export interface Test {
  readonly name: string;
  run(): Promise<void>;
}

let suite: Suite = { name: "", above: null, before: [], after: [] };
let tests: Test[] = [];

/** The tests that were registered since it was asked last. */
export function registered(): readonly Test[] {
  const found = tests;
  tests = [];
  suite = { name: "", above: null, before: [], after: [] };
  return found;
}

function chain(from: Suite): readonly Suite[] {
  return from.above === null ? [from] : [...chain(from.above), from];
}

function addTest(name: string, body: Hook): void {
  const suites = chain(suite);
  const run = async (): Promise<void> => {
    for (const { before } of suites) for (const hook of before) await hook();
    try {
      await body();
    } finally {
      for (const { after } of suites) for (const hook of after) await hook();
    }
  };
  tests.push({ name: [...suites.slice(1).map((one) => one.name), name].join(" > "), run });
}

function addSuite(name: string, body: Hook): void {
  const above = suite;
  suite = { name, above, before: [], after: [] };
  if (body() instanceof Promise) throw new Error(`a suite that has to be awaited: ${name}`);
  suite = above;
}

function each(add: (name: string, body: Hook) => void) {
  return (rows: readonly unknown[]) => {
    if ("raw" in rows) throw new Error("tables of tests as template texts are not known here");
    return (name: string, body: Body): void => {
      for (const [index, row] of rows.entries()) {
        const values = (Array.isArray(row) ? row : [row]) as never[];
        add(`${name} #${index + 1}`, () => body(...values));
      }
    };
  };
}

function withForms(add: (name: string, body: Hook) => void) {
  const skipIf = (skipped: unknown) => (skipped ? () => undefined : add);
  return Object.assign(add, {
    each: each(add),
    skipIf,
    runIf: (wanted: unknown) => skipIf(!wanted),
  });
}

export const describe = withForms(addSuite);
export const it = withForms(addTest);
export const test = it;
export const beforeEach = (hook: Hook): number => suite.before.push(hook);
export const afterEach = (hook: Hook): number => suite.after.push(hook);
