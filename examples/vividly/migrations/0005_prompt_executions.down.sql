-- Destroys the audit log. godwit refuses this while the log holds rows, unless --allow-row-loss covers them: export them first.
drop trigger prompt_executions_append_only on public.prompt_executions;
drop function public.refuse_prompt_execution_change();
drop index public.idx_prompt_executions_executed_at;
drop index public.idx_prompt_executions_violations;
drop index public.idx_prompt_executions_errors;
drop index public.idx_prompt_executions_request;
drop index public.idx_prompt_executions_user;
drop index public.idx_prompt_executions_experiment;
drop index public.idx_prompt_executions_template;
drop table public.prompt_executions;
