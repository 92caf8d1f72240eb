-- The proposal that two people signed before somebody got a passkey to sign in with (team mode); null: nobody had to.
alter table passkeys add column proposal text;
