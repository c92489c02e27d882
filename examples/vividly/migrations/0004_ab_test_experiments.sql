-- Experiments: one variant of a prompt against its control.
--
-- Where this differs from the system it replaces:
--   * Both arms are versions of the prompt that the experiment names, held by foreign keys; the old list of variant ids
--     pointed nowhere, and any JSON passed for the traffic split.
--   * One variant, so that no correction for many comparisons is forgotten. More arms need a table of arms.
--   * What decides is fixed before the start: metric, effect, level, power and sample size of each arm. There is no column
--     for a p-value that somebody looks at every day.
--   * One running experiment per prompt; times and outcome must agree with the status; 500 % of traffic is refused.
--   * No counters: v_active_ab_tests counts each arm. Assign by a hash of experiment id and user, never of the user alone.

create table public.ab_test_experiments (
    id uuid primary key default gen_random_uuid(),
    name text not null check (name <> ''),
    description text not null default '',
    template_name text not null,
    control_version integer not null,
    variant_version integer not null,
    variant_percentage smallint not null default 50 check (variant_percentage between 1 and 99),
    status text not null default 'draft'
        check (status in ('draft', 'active', 'paused', 'completed', 'cancelled')),
    primary_metric text not null default 'success_rate'
        check (primary_metric in ('success_rate', 'execution_time_ms', 'token_count', 'cost_usd')),
    minimum_detectable_effect numeric(6, 4) not null default 0.05 check (minimum_detectable_effect > 0),
    significance_level numeric(4, 3) not null default 0.05
        check (significance_level > 0 and significance_level < 0.5),
    power numeric(4, 3) not null default 0.8 check (power >= 0.5 and power < 1),
    minimum_sample_size integer not null default 1000 check (minimum_sample_size >= 100),
    scheduled_start timestamptz,
    scheduled_end timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    winner text check (winner in ('control', 'variant', 'none')),
    decided_by text,
    created_at timestamptz not null default now(),
    created_by text not null check (created_by <> ''),

    constraint ab_test_experiments_name_key unique (name),
    constraint ab_test_experiments_control_fkey foreign key (template_name, control_version)
        references public.prompt_templates (name, version) on delete restrict on update restrict,
    constraint ab_test_experiments_variant_fkey foreign key (template_name, variant_version)
        references public.prompt_templates (name, version) on delete restrict on update restrict,
    constraint ab_test_experiments_arms_check check (control_version <> variant_version),
    constraint ab_test_experiments_schedule_check check (scheduled_end > scheduled_start),
    constraint ab_test_experiments_started_check check (
        (status in ('active', 'paused', 'completed') and started_at is not null)
        or (status = 'draft' and started_at is null)
        or status = 'cancelled'
    ),
    constraint ab_test_experiments_ended_check check (
        (status in ('completed', 'cancelled')) = (ended_at is not null) and ended_at >= started_at
    ),
    constraint ab_test_experiments_outcome_check check (
        (status = 'completed') = (winner is not null) and (winner is null) = (decided_by is null)
    )
);

comment on table public.ab_test_experiments is 'A variant of a prompt against its control, with everything that decides the outcome fixed before the start.';
comment on column public.ab_test_experiments.minimum_sample_size is 'Executions that each arm needs before anything may be concluded.';

create unique index idx_ab_test_experiments_one_running
    on public.ab_test_experiments (template_name)
    where status in ('active', 'paused');

create index idx_ab_test_experiments_control
    on public.ab_test_experiments (template_name, control_version);

create index idx_ab_test_experiments_variant
    on public.ab_test_experiments (template_name, variant_version);
