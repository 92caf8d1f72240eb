import { expect, it } from "vitest";
import { defaultSla } from "../../findings/sla.ts";
import type { ConcernedRow } from "../../store/queries/finding-open.ts";
import { openFinding } from "./open-findings.ts";

const now = new Date("2026-06-15T12:00:00Z");
const row = {
  id: "1",
  severity: "high",
  status: "open",
  tools: ["trivy"],
  aliases: [],
  trusted: true,
  exploited: false,
  in_live: false,
  first_seen: new Date("2026-06-01T12:00:00Z"),
} as unknown as ConcernedRow;

it("is overdue by its first sight and the service's terms, not by what a row says of its date", () => {
  const said = { judged: [], said: [], listed: false, now };
  const moved = { ...row, due_at: new Date("2999-01-01Z"), paused: "the vendor is asked" };
  const strict = openFinding(moved, { ...said, sla: { ...defaultSla, high: 7 } });
  expect(strict).toMatchObject({ overdue: true, due: "2026-06-08T12:00:00.000Z", vouched: true });
  expect(openFinding(moved, { ...said, sla: defaultSla })).toMatchObject({
    overdue: false,
    due: "2026-07-01T12:00:00.000Z",
  });
  expect(openFinding(moved, { ...said, sla: { ...defaultSla, high: null } })).toMatchObject({
    overdue: false,
    due: null,
  });
});
