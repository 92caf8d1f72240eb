/** What a step found. `suites` maps a test file, relative to the root, to how many of its tests ran and did not. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
  readonly suites: ReadonlyMap<string, { readonly ran: number; readonly skipped: number }>;
}

export const nothing: Outcome = {
  passed: 0,
  failed: 0,
  skipped: 0,
  failures: [],
  suites: new Map(),
};

export function passed(): Outcome {
  return { ...nothing, passed: 1 };
}

export function failed(...failures: string[]): Outcome {
  return { ...nothing, failed: failures.length, failures };
}

export function add(a: Outcome, b: Outcome): Outcome {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
    suites: new Map([...a.suites, ...b.suites]),
  };
}

/** A suite that had to run and did not is a failure: silence is not a pass. */
export function suitesThatHadToRun(required: readonly string[], outcome: Outcome): Outcome {
  const missing = required.flatMap((file) => {
    const suite = outcome.suites.get(file);
    if (suite === undefined) return [`${file} had to run here, and there is no such suite`];
    if (suite.ran === 0) return [`${file} had to run here, and none of its tests did`];
    if (suite.skipped > 0) {
      return [`${file} had to run here, and ${suite.skipped} of its tests were skipped`];
    }
    return [];
  });
  return failed(...missing);
}
