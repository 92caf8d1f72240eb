-- No program ever wrote or read a check run's progress here: what is under way is told by the running server.
alter table check_runs drop column progress;
