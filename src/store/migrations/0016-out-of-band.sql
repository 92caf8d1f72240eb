-- Checks that a promotion does not wait for: they have a lease of their own, and outlive its lane's.
alter table check_runs add column out_of_band boolean not null default false;
alter table check_runs add column holder text;
alter table check_runs add column holder_until timestamptz;
-- When its answer was weighed after the promotion had ended.
alter table check_runs add column weighed_at timestamptz;
create index check_runs_out_of_band on check_runs (promotion) where out_of_band and weighed_at is null;
