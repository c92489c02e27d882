-- Notes of authors on a version of a prompt. A file of its own, outside the ordered migrations:
--   npx godwit up --file bare/add_prompt_notes.sql
create table public.prompt_notes (
    id bigint generated always as identity primary key,
    template_name text not null,
    template_version integer not null,
    note text not null check (note <> ''),
    created_at timestamptz not null default now(),
    created_by text not null check (created_by <> ''),
    constraint prompt_notes_template_fkey foreign key (template_name, template_version)
        references public.prompt_templates (name, version) on delete restrict on update restrict
);

create index idx_prompt_notes_template
    on public.prompt_notes (template_name, template_version, created_at desc);

comment on table public.prompt_notes is 'What authors want each other to know about a version of a prompt.';
