-- Prompt templates: one row is one version of one prompt, and a version's content never changes.
--
-- Where this differs from the system it replaces:
--   * UNIQUE (name, version) is real. The old UNIQUE (name, is_active, ab_test_group) accepted three copies of one version
--     (its group was NULL) and refused the second retired version of an A/B group.
--   * No counters here. Every execution used to update its template, and a second trigger then rewrote all older versions.
--     Numbers live in prompt_execution_rollups.
--   * A parent is named by its version, so it can only be an older version of the same prompt.
--   * Activation is one function with a lock, not a side effect of any UPDATE.
--   * timestamptz only; the jsonb columns are checked; model settings have a column; optional variables are told apart from
--     required ones.
--
-- Rights: nothing is granted to PUBLIC. Once the roles exist, in a migration of its own:
--   grant select on public.prompt_templates to <reader>;
--   grant select, insert, update (description, category, updated_by) on public.prompt_templates to <author>;
--   grant execute on function public.activate_prompt_template(uuid, text) to <releaser>;

create table public.prompt_templates (
    id uuid primary key default gen_random_uuid(),
    name text not null check (name ~ '^[a-z][a-z0-9_]{0,99}$'),
    version integer not null check (version > 0),
    parent_version integer check (parent_version < version),
    description text not null default '',
    category text not null check (category <> ''),
    template_text text not null check (template_text <> ''),
    variables jsonb not null default '[]',
    optional_variables jsonb not null default '[]',
    model_config jsonb not null default '{}' check (jsonb_typeof(model_config) = 'object'),
    ab_test_group text check (ab_test_group <> ''),
    is_active boolean not null default false,
    activated_at timestamptz,
    activated_by text,
    deactivated_at timestamptz,
    deactivated_by text,
    created_at timestamptz not null default now(),
    created_by text not null check (created_by <> ''),
    updated_at timestamptz not null default now(),
    updated_by text,

    constraint prompt_templates_name_version_key unique (name, version),
    -- Not redundant: the audit log points here, so that its copies of name and version cannot lie.
    constraint prompt_templates_id_name_version_key unique (id, name, version),
    constraint prompt_templates_parent_fkey foreign key (name, parent_version)
        references public.prompt_templates (name, version) on delete restrict on update restrict,
    constraint prompt_templates_variables_check check (
        jsonb_typeof(variables) = 'array'
        and not jsonb_path_exists(variables, 'strict $[*] ? (@.type() != "string")')
    ),
    constraint prompt_templates_optional_variables_check check (
        jsonb_typeof(optional_variables) = 'array'
        and not jsonb_path_exists(optional_variables, 'strict $[*] ? (@.type() != "string")')
    ),
    constraint prompt_templates_active_check check (
        not is_active or (activated_at is not null and deactivated_at is null)
    )
);

comment on table public.prompt_templates is 'One row per version of a prompt. The content of a version is immutable; a change is a new version.';
comment on column public.prompt_templates.variables is 'Names a caller must give: a JSON array of strings.';
comment on column public.prompt_templates.optional_variables is 'Names a caller may give: a JSON array of strings.';
comment on column public.prompt_templates.ab_test_group is 'NULL for the version everybody gets; a name for a version that an experiment keeps active beside it.';

-- One active version per prompt and group. coalesce, because NULLs never collide in a unique index (NULLS NOT DISTINCT needs 15).
create unique index idx_prompt_templates_one_active
    on public.prompt_templates (name, coalesce(ab_test_group, ''))
    where is_active;

create index idx_prompt_templates_parent
    on public.prompt_templates (name, parent_version)
    where parent_version is not null;

create function public.keep_prompt_template_version() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    if (new.id, new.name, new.version, new.template_text, new.created_at, new.created_by)
            is distinct from (old.id, old.name, old.version, old.template_text, old.created_at, old.created_by)
        or (new.parent_version, new.ab_test_group) is distinct from (old.parent_version, old.ab_test_group)
        or (new.variables, new.optional_variables, new.model_config)
            is distinct from (old.variables, old.optional_variables, old.model_config)
    then
        raise exception 'version % of prompt % cannot be changed', old.version, old.name
            using errcode = 'restrict_violation', hint = 'Insert the change as a new version.';
    end if;
    new.updated_at := now();
    return new;
end
$$;

revoke execute on function public.keep_prompt_template_version() from public;

create trigger prompt_templates_keep_version
    before update on public.prompt_templates
    for each row execute function public.keep_prompt_template_version();

-- Two people who release at once are put in order by the row locks; the later one wins, and there is never a moment with
-- two active versions.
create function public.activate_prompt_template(template_id uuid, released_by text) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    chosen public.prompt_templates;
begin
    select t.* into chosen from public.prompt_templates t where t.id = template_id;
    if not found then
        raise exception 'there is no prompt template %', template_id using errcode = 'no_data_found';
    end if;

    perform 1
    from public.prompt_templates t
    where t.name = chosen.name
    order by t.version
    for no key update;

    update public.prompt_templates t
    set is_active = false, deactivated_at = now(), deactivated_by = released_by, updated_by = released_by
    where t.name = chosen.name
        and t.ab_test_group is not distinct from chosen.ab_test_group
        and t.is_active
        and t.id <> chosen.id;

    update public.prompt_templates t
    set is_active = true, activated_at = now(), activated_by = released_by,
        deactivated_at = null, deactivated_by = null, updated_by = released_by
    where t.id = chosen.id and not t.is_active;
end
$$;

revoke execute on function public.activate_prompt_template(uuid, text) from public;

comment on function public.activate_prompt_template(uuid, text) is 'Makes one version the active one of its prompt and group. Reverting is activating an older version.';
