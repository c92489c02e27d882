-- The last minutes of the log add up to the last minutes of the rollups: the trigger counts every execution once.
-- Bounded, so that it stays cheap on a log of years.
with since as (
    select date_trunc('minute', now(), 'UTC') - interval '10 minutes' as start
)
select
    (select count(*) from public.prompt_executions where template_id is not null and executed_at >= since.start)
    = (select coalesce(sum(executions), 0) from public.prompt_execution_rollups where bucket >= since.start)
from since;
