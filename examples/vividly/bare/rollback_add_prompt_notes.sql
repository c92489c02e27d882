drop index public.idx_prompt_notes_template;
drop table public.prompt_notes;
