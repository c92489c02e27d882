-- Guardrails: the rules that a prompt and its variables are checked against before they reach a model.
--
-- Where this differs from the system it replaces:
--   * No counters that every check updates: the violations are in the audit log and v_guardrail_violations_summary counts them.
--     (The old service had no right to update them, and that error let every prompt pass.)
--   * What happens when a rule itself fails is said per rule, and a critical rule cannot be one that lets things pass.
--   * Types, severities and actions are checked: 'banana' was accepted as a severity.
--   * No updated_at: a column that nobody maintains says less than none. A rule that is retired keeps its row.

create table public.prompt_guardrails (
    id uuid primary key default gen_random_uuid(),
    name text not null check (name ~ '^[a-z][a-z0-9_]{0,99}$'),
    description text not null default '',
    guardrail_type text not null
        check (guardrail_type in ('pii_detection', 'toxic_content', 'prompt_injection', 'content_policy')),
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    action text not null check (action in ('block', 'warn', 'log')),
    on_error text not null default 'block' check (on_error in ('block', 'allow')),
    config jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
    applies_to_templates text[] not null default '{}'
        check (array_position(applies_to_templates, null) is null),
    applies_to_categories text[] not null default '{}'
        check (array_position(applies_to_categories, null) is null),
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    created_by text not null check (created_by <> ''),

    constraint prompt_guardrails_name_key unique (name),
    constraint prompt_guardrails_critical_check check (severity <> 'critical' or on_error = 'block')
);

comment on table public.prompt_guardrails is 'Rules applied to prompts. Empty lists of templates and categories mean: all of them; otherwise either list may match.';
comment on column public.prompt_guardrails.on_error is 'What happens to the prompt when the rule cannot be evaluated.';
comment on column public.prompt_guardrails.applies_to_templates is 'Prompt names; a rule holds for every version of a prompt.';

create index idx_prompt_guardrails_active
    on public.prompt_guardrails (guardrail_type, severity)
    where is_active;

create index idx_prompt_guardrails_templates
    on public.prompt_guardrails using gin (applies_to_templates);

create index idx_prompt_guardrails_categories
    on public.prompt_guardrails using gin (applies_to_categories);
