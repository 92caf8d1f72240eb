import type { ServiceSecurityRow } from "../schema-security.ts";
import { type Projection, time } from "./projection.ts";

/** How long findings may stay, and who answers for them: an overdue one may close a gate. */
export const serviceSecurityProjection: Projection<ServiceSecurityRow> = {
  table: "service_security",
  kinds: ["service.security-set"],
  key: ({ service }) => `service-security/${service}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: ({ service, content, set_at }) => ({ service, content, setAt: time(set_at) }),
  stream: ({ service }) => service,
  async *rows(db) {
    yield* await db.selectFrom("service_security").selectAll().execute();
  },
};
