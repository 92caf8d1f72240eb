import type { AttestationView } from "../../api/views.ts";
import type { AttestationRow } from "../../store/schema.ts";

export function attestationView(row: Omit<AttestationRow, "content">): AttestationView {
  return {
    digest: row.digest,
    format: row.format,
    predicateType: row.predicate_type,
    origin: row.origin,
    size: row.size,
    addedAt: row.added_at.toISOString(),
    addedBy: row.added_by,
    erased: row.erased_at !== null,
  };
}
