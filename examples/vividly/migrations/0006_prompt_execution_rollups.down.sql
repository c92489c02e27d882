drop function public.compact_prompt_execution_rollups(timestamptz);
drop trigger prompt_executions_roll_up on public.prompt_executions;
drop function public.roll_up_prompt_executions();
drop index public.idx_prompt_execution_rollups_experiment;
drop table public.prompt_execution_rollups;
