-- No CASCADE anywhere: what somebody else has built on these tables stops the rollback instead of disappearing.
drop function public.activate_prompt_template(uuid, text);
drop trigger prompt_templates_keep_version on public.prompt_templates;
drop function public.keep_prompt_template_version();
drop index public.idx_prompt_templates_parent;
drop index public.idx_prompt_templates_one_active;
drop table public.prompt_templates;
