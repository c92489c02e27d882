-- Version 3: sets of migrations in one history.

-- The set is a part of the migration's id.
alter table godwit.statement drop column set;
