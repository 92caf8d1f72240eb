-- A ban concerns whatever holds any of its artifacts (`any`), or only what holds all of them (`all`, as it was once).
alter table stops add column parts text not null default 'all' check (parts in ('all', 'any'));
-- The source revision that a ban concerns too, whatever was built from it, of the same service.
alter table stops add column revision text;
