import { writeFileSync } from "node:fs";
import type { Reporter } from "vitest/node";

/** Where the errors outside of every test are written: messages, as a JSON array. */
export const unhandledVariable = "TIDELOCK_TEST_UNHANDLED";

/** Vitest's JSON report is silent about errors that belong to no test, a worker's death among them. */
// oxlint-disable-next-line import/no-default-export -- vitest loads a reporter by its default export
export default class UnhandledErrors implements Reporter {
  onTestRunEnd(...[, errors]: Parameters<NonNullable<Reporter["onTestRunEnd"]>>): void {
    const file = process.env[unhandledVariable];
    const messages = errors.map((error) => [error.message, causeOf(error)].join(": "));
    if (file !== undefined) writeFileSync(file, JSON.stringify(messages));
  }
}

function causeOf(error: object): string {
  const { cause } = error as { readonly cause?: { readonly message?: string } };
  return cause?.message ?? "";
}
