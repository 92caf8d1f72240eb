-- As for the other rows that imports write by the hundred thousand (0022): written by one transaction alone, and no
-- look-up for each of them.
alter table finding_fingerprints drop constraint finding_fingerprints_import_fkey;
