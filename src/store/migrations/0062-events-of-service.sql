-- Whoever sees one service of many reads its events without going through those of all the others.
create index events_of_service on events (service, id);
