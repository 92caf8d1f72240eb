import { z } from "zod";
import { checklistFields, ManualForm, sessionFields } from "../../model/manual-check.ts";
import { scanThresholds } from "../../ports/check.ts";

/** What a person is asked, and what the answer is held against. */
export const ManualConfiguration = z.discriminatedUnion("kind", [
  z.strictObject({ ...checklistFields, ...scanThresholds }),
  z.strictObject({ ...sessionFields, ...scanThresholds }),
]);
export type ManualConfiguration = z.output<typeof ManualConfiguration>;

/** The questions alone: another threshold does not make them other ones. */
export function formOf(configuration: ManualConfiguration): ManualForm {
  const { failOn: _fail, warnOn: _warn, ...form } = configuration;
  return ManualForm.parse(form);
}
