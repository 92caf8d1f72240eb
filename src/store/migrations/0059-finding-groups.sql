-- Numbers about findings are sums over groups of alike ones. Compared column by column, one of them an array, the
-- groups took longer to tell apart than the findings to be read: what makes a group is one text, by which the index is
-- in order as well.

-- A list of texts, written so that it is read back exactly, and not longer than fits into an index: of a longer one
-- (hundreds of letters of names of tools) its digest behind a `#`.
create function finding_words(words text[]) returns text language plpgsql immutable parallel safe as $$
declare
  written text := array_to_json(words)::text;
begin
  return case when octet_length(written) <= 512 then written
    else '#' || encode(sha256(convert_to(written, 'UTF8')), 'hex') end;
end $$;

-- Of what kind; bits: 1 came back at least once, 2 closed by its date, 4 closed after it, 8 has a date and its clock
-- runs; where it was found first; by which tools. And for ages: severity, twice, and one more while it is open.
alter table findings
  drop column traits,
  add column figure text collate "C" not null generated always as (
    kind || ' ' || (
      case when reopened > 0 then 1 else 0 end
      + case
          when due_at is null or status = 'false-positive' then 0
          when closed_at <= due_at then 2
          when closed_at > due_at then 4
          when paused is null and status in ('open', 'triaged', 'in-progress', 'fixed') then 8
          else 0
        end) || ' ' || finding_words(array_prepend(first_environment, tools))) stored,
  add column ageing smallint not null generated always as (
    case severity when 'critical' then 0 when 'high' then 2 when 'medium' then 4 when 'low' then 6 else 8 end
    + case when status in ('open', 'triaged', 'in-progress', 'fixed') then 1 else 0 end) stored;

-- Went with `traits`.
create index findings_figures on findings (service, status, severity, figure)
  include (first_seen, due_at, ageing, kind, first_environment, tools, closed_at, environment, id);
