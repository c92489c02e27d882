drop index public.idx_prompt_guardrails_categories;
drop index public.idx_prompt_guardrails_templates;
drop index public.idx_prompt_guardrails_active;
drop table public.prompt_guardrails;
