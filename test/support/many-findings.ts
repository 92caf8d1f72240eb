import { sql } from "kysely";
import type { Db } from "../../src/store/schema.ts";

/**
 * Findings of three services as years of scans leave them, written as rows: of all kinds, severities and standings,
 * by tools that overlap, with `observations` hits in all. The same numbers give the same rows, but for the ages.
 */
export async function manyFindings(
  db: Db,
  many: { readonly findings: number; readonly observations: number },
): Promise<void> {
  await sql`select setseed(0.42)`.execute(db);
  const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
  for (let service = 0; service < 3; service += 1) {
    const release = digest(String(service));
    await sql`
      insert into releases (id, service, version, content, created_by)
      values (${release}, ${`service-${service}`}, '1.0.0', '{}', 'operator')`.execute(db);
    for (const tool of ["trivy", "grype", "semgrep", "zap"]) {
      await sql`
        insert into finding_imports (id, service, environment, release, scope, subject, format, tool, tool_version,
          trust, report_digest, report_bytes, complete, observations, opened, reopened, matched, unseen, claims,
          changes_digest, added_by)
        values (${`i-${service}-${tool}`}, ${`service-${service}`}, null, ${release}, ${`${service}/${tool}`}, '',
          ${tool}, ${tool}, '1', ${tool === "zap" ? "bound" : "own"}, ${digest("b")}, 1, true, 0, 0, 0, 0, 0, 0,
          ${digest("c")}, 'operator')`.execute(db);
    }
    await sql`
      insert into lanes (service, environment, changes, live_release)
      values (${`service-${service}`}, 'production', 1, ${release})
      on conflict do nothing`.execute(db);
  }
  await sql`
    insert into findings (service, environment, kind, rule, title, place, severity, severity_stated, urgency, status,
      tools, details, first_seen, first_environment, due_at, closed_at, verified_at, reopened, paused)
    select 'service-' || n % 3, null, (array['dependency', 'code', 'web', 'secret'])[1 + n % 4], 'CVE-2024-' || n,
      'Something is wrong with part ' || n, jsonb_build_object('kind', 'package', 'name', 'part-' || n, 'version', '1'),
      (array['critical', 'high', 'medium', 'low', 'info'])[worst], true, (5 - worst) * 100, status,
      case n % 5 when 0 then array['trivy', 'grype'] when 1 then array['grype'] when 2 then array['semgrep']
        when 3 then array['zap'] else array['trivy'] end,
      jsonb_build_object('message', repeat('What the tool says of it. ', 20), 'fixedIn', '2'),
      seen, (array[null, 'testing', 'production', 'gone'])[1 + n % 4],
      case when n % 3 = 0 then null else seen + interval '30 days' end,
      case when status = 'closed' then seen + random() * (now() - seen) end,
      case when status in ('closed', 'verified') then now() end,
      case when n % 11 = 0 then 1 else 0 end,
      case when n % 13 = 0 and status = 'open' then 'the vendor is asked' end
    from (
      select n, 1 + (random() * 4.99)::integer % 5 as worst, now() - random() * interval '200 days' as seen,
        (array['open', 'open', 'open', 'triaged', 'in-progress', 'fixed', 'verified', 'closed', 'closed',
          'false-positive'])[1 + floor(random() * 10)::integer] as status
      from generate_series(1, ${many.findings}::integer) n
    ) made`.execute(db);
  // A store that took reports in before has some.
  await sql`
    insert into finding_sights (finding, last_seen) select id, now() from findings
    on conflict do nothing`.execute(db);
  await sql`
    insert into finding_changes (finding, kind, from_status, to_status, at)
    select id, 'false-positive', 'open', 'false-positive', first_seen + (now() - first_seen) / 2
    from findings where status = 'false-positive'`.execute(db);
  const each = Math.ceil(many.observations / many.findings);
  // One statement a round: all at once would take longer than a statement may.
  for (let round = 0; round < each; round += 1) {
    await sql`
      insert into observations (import, ordinal, finding, severity, content)
      select 'i-' || substr(f.service, 9) || '-' || f.tools[1],
        f.id * ${each}::integer + ${round}::integer, f.id, f.severity,
        jsonb_build_object('rule', f.rule, 'title', f.title, 'place', f.place)
      from findings f`.execute(db);
  }
  await sql`analyze findings`.execute(db);
  await sql`analyze observations`.execute(db);
}
