-- The audit log: one row per execution of a prompt, added and never changed.
--
-- Where this differs from the system it replaces:
--   * A trigger refuses UPDATE, DELETE and TRUNCATE, also to the owner. Retention and erasure are deliberate acts of the
--     owner: a migration that disables the trigger, removes the rows and enables it again.
--   * A template that has executions cannot be deleted; deleting one used to erase its audit rows.
--   * The copies of name and version are held by a composite foreign key. An execution that found no template is logged too:
--     without an id, and with an error type.
--   * Outcome and guardrail action agree: what was blocked is 'blocked', not 'success', and its text is not kept.
--   * Violations are an array by CHECK, and the index compares instead of measuring a length, so that no odd value makes an
--     index expression fail. Costs have nine decimals, counts are bigint, times have a zone.
--   * Nothing here touches a template: 8 writers on one template do not wait for each other.
--
-- Store redacted values: rendered_prompt, model_response and input_variables are for people who debug prompts, not for
-- personal data. prompt_digest (a keyed hash) still finds equal prompts.
--
-- Rights:  grant insert on public.prompt_executions to <application>;  grant select on public.v_... to <reader>;

create table public.prompt_executions (
    id bigint generated always as identity primary key,
    template_id uuid,
    template_name text not null check (template_name <> ''),
    template_version integer,
    experiment_id uuid,
    user_id text,
    request_id text,
    session_id text,
    input_variables jsonb not null default '{}' check (jsonb_typeof(input_variables) = 'object'),
    rendered_prompt text,
    prompt_digest bytea,
    model_response text,
    execution_time_ms bigint check (execution_time_ms >= 0),
    token_count bigint check (token_count >= 0),
    cost_usd numeric(18, 9) check (cost_usd >= 0),
    status text not null check (status in ('success', 'partial', 'failure', 'blocked')),
    error_type text check (error_type <> ''),
    error_message text,
    guardrail_violations jsonb not null default '[]' check (jsonb_typeof(guardrail_violations) = 'array'),
    guardrail_action text check (guardrail_action in ('block', 'warn', 'log')),
    environment text not null default 'unknown' check (environment <> ''),
    executed_at timestamptz not null default now(),

    constraint prompt_executions_template_fkey foreign key (template_id, template_name, template_version)
        references public.prompt_templates (id, name, version) on delete restrict on update restrict,
    constraint prompt_executions_experiment_fkey foreign key (experiment_id)
        references public.ab_test_experiments (id) on delete restrict on update restrict,
    -- MATCH SIMPLE checks nothing when one column is NULL, so half a reference is refused here.
    constraint prompt_executions_reference_check check ((template_id is null) = (template_version is null)),
    constraint prompt_executions_no_template_check check (template_id is not null or status in ('failure', 'blocked')),
    constraint prompt_executions_error_check check (status <> 'failure' or error_type is not null),
    constraint prompt_executions_blocked_check check (
        (status = 'blocked') = (coalesce(guardrail_action, '') = 'block')
    ),
    constraint prompt_executions_blocked_payload_check check (
        status <> 'blocked'
        or (rendered_prompt is null and model_response is null and input_variables = '{}')
    )
);

comment on table public.prompt_executions is 'Append-only audit log: one row per execution of a prompt.';
comment on column public.prompt_executions.template_id is 'NULL when no template was found; then the status is failure or blocked.';
comment on column public.prompt_executions.guardrail_violations is 'JSON array of {"guardrail_id", "guardrail", "action"}; the id keeps its meaning when a guardrail is renamed.';
comment on column public.prompt_executions.user_id is 'A pseudonym, not a name or an address.';

-- template_id alone is unique, so this also serves the composite foreign key.
create index idx_prompt_executions_template
    on public.prompt_executions (template_id, status, executed_at desc);

create index idx_prompt_executions_experiment
    on public.prompt_executions (experiment_id)
    where experiment_id is not null;

create index idx_prompt_executions_user
    on public.prompt_executions (user_id, executed_at desc)
    where user_id is not null;

create index idx_prompt_executions_request
    on public.prompt_executions (request_id)
    where request_id is not null;

create index idx_prompt_executions_errors
    on public.prompt_executions (executed_at desc)
    where status in ('failure', 'partial');

create index idx_prompt_executions_violations
    on public.prompt_executions (executed_at desc)
    where guardrail_violations <> '[]'::jsonb;

-- Rows arrive in the order of time, so a BRIN index of a few pages serves retention and reports.
create index idx_prompt_executions_executed_at
    on public.prompt_executions using brin (executed_at);

create function public.refuse_prompt_execution_change() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'prompt_executions is an append-only audit log: % is refused', tg_op
        using errcode = 'restrict_violation', hint = 'Log a further execution instead.';
end
$$;

revoke execute on function public.refuse_prompt_execution_change() from public;

create trigger prompt_executions_append_only
    before update or delete or truncate on public.prompt_executions
    for each statement execute function public.refuse_prompt_execution_change();
