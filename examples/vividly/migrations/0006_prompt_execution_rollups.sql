-- The fifth table: numbers per template and minute, appended by the log's own trigger.
--
-- Where this differs from the system it replaces:
--   * Its fifth table was a history that each migration wrote into by itself, without checksum, actor or outcome. That history
--     is godwit's now (schema godwit), so this place is taken by what replaces the counters on the templates.
--   * One delta row per statement, template and minute is added, nothing is updated: no hot row, no deadlock between batches,
--     and no version history rewritten by logging.
--   * Sums and counts, never averages: a missing value counts for nothing, and nothing is rounded on the way.
--
-- The deltas come in small: run compact_prompt_execution_rollups from a scheduler now and then. Numbers stay the same.
-- This migration can be reverted and applied again: it fills itself from the log.

create table public.prompt_execution_rollups (
    template_id uuid not null references public.prompt_templates (id) on delete restrict on update restrict,
    bucket timestamptz not null,
    id bigint generated always as identity,
    experiment_id uuid references public.ab_test_experiments (id) on delete restrict on update restrict,
    executions bigint not null,
    successes bigint not null,
    partials bigint not null,
    failures bigint not null,
    blocked bigint not null,
    execution_time_ms_sum numeric not null,
    execution_time_ms_count bigint not null,
    token_sum numeric not null,
    token_count bigint not null,
    cost_usd_sum numeric not null,
    cost_usd_count bigint not null,

    -- The order of the key also serves the foreign key on templates and the views.
    primary key (template_id, bucket, id),
    constraint prompt_execution_rollups_executions_check check (
        executions > 0 and executions = successes + partials + failures + blocked
    )
);

comment on table public.prompt_execution_rollups is 'Sums and counts of executions per template, experiment and minute. Add rows up; several rows may share a minute.';

create index idx_prompt_execution_rollups_experiment
    on public.prompt_execution_rollups (experiment_id)
    where experiment_id is not null;

-- SECURITY DEFINER: whoever may log an execution needs no right on the rollups. An execution without a template has no
-- counter; v_recent_execution_errors shows it.
create function public.roll_up_prompt_executions() returns trigger
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.prompt_execution_rollups
        (template_id, bucket, experiment_id, executions, successes, partials, failures, blocked,
         execution_time_ms_sum, execution_time_ms_count, token_sum, token_count, cost_usd_sum, cost_usd_count)
    select
        template_id, date_trunc('minute', executed_at, 'UTC'), experiment_id, count(*),
        count(*) filter (where status = 'success'),
        count(*) filter (where status = 'partial'),
        count(*) filter (where status = 'failure'),
        count(*) filter (where status = 'blocked'),
        coalesce(sum(execution_time_ms), 0), count(execution_time_ms),
        coalesce(sum(token_count), 0), count(token_count),
        coalesce(sum(cost_usd), 0), count(cost_usd)
    from added
    where template_id is not null
    group by 1, 2, 3;
    return null;
end
$$;

revoke execute on function public.roll_up_prompt_executions() from public;

-- From here on this transaction keeps writers off the log, so that each execution is counted once: by the trigger or below.
create trigger prompt_executions_roll_up
    after insert on public.prompt_executions
    referencing new table as added
    for each statement execute function public.roll_up_prompt_executions();

insert into public.prompt_execution_rollups
    (template_id, bucket, experiment_id, executions, successes, partials, failures, blocked,
     execution_time_ms_sum, execution_time_ms_count, token_sum, token_count, cost_usd_sum, cost_usd_count)
select
    template_id, date_trunc('minute', executed_at, 'UTC'), experiment_id, count(*),
    count(*) filter (where status = 'success'),
    count(*) filter (where status = 'partial'),
    count(*) filter (where status = 'failure'),
    count(*) filter (where status = 'blocked'),
    coalesce(sum(execution_time_ms), 0), count(execution_time_ms),
    coalesce(sum(token_count), 0), count(token_count),
    coalesce(sum(cost_usd), 0), count(cost_usd)
from public.prompt_executions
where template_id is not null
group by 1, 2, 3;

-- Readers see the rows before or after, never both; of two that compact at once each row is taken by one.
create function public.compact_prompt_execution_rollups(before timestamptz) returns bigint
    language sql
    set search_path = pg_catalog, pg_temp
as $$
    with taken as (
        delete from public.prompt_execution_rollups r
        where r.bucket < before
            and exists (
                select 1
                from public.prompt_execution_rollups twin
                where twin.template_id = r.template_id
                    and twin.bucket = r.bucket
                    and twin.id <> r.id
                    and twin.experiment_id is not distinct from r.experiment_id
            )
        returning r.*
    ),
    merged as (
        insert into public.prompt_execution_rollups
            (template_id, bucket, experiment_id, executions, successes, partials, failures, blocked,
             execution_time_ms_sum, execution_time_ms_count, token_sum, token_count, cost_usd_sum, cost_usd_count)
        select
            template_id, bucket, experiment_id, sum(executions), sum(successes), sum(partials), sum(failures), sum(blocked),
            sum(execution_time_ms_sum), sum(execution_time_ms_count), sum(token_sum), sum(token_count),
            sum(cost_usd_sum), sum(cost_usd_count)
        from taken
        group by template_id, bucket, experiment_id
        returning 1
    )
    select (select count(*) from taken) - (select count(*) from merged);
$$;

revoke execute on function public.compact_prompt_execution_rollups(timestamptz) from public;

comment on function public.compact_prompt_execution_rollups(timestamptz) is 'Merges the delta rows of each minute before the given time; returns how many rows it saved.';
