import { expect, it } from "vitest";
import { ledgerGrounds } from "./ledger-says.ts";
import { requirementGrounds } from "./requirements.ts";

it("what is demanded to be stated denies until it is stated, each for itself", () => {
  expect(
    requirementGrounds([
      { asked: "signature", met: true, message: "signed by release-bot" },
      { asked: "sbom", met: false, message: "nobody stated it" },
    ]),
  ).toEqual([
    { outcome: "allow", rule: "evidence.signature", message: "signed by release-bot" },
    { outcome: "deny", rule: "evidence.sbom", message: "nobody stated it" },
  ]);
  expect(requirementGrounds([])).toEqual([]);
});

it("what the ledger says is said as it is, and nothing where it was not asked", () => {
  expect(ledgerGrounds([{ outcome: "deny", message: "a row was edited" }])).toEqual([
    { outcome: "deny", rule: "ledger", message: "a row was edited" },
  ]);
  expect(ledgerGrounds(null)).toEqual([]);
});
