-- The four views that people and dashboards read. Averages are divided here, from sums and counts.
--
-- A view reads with its owner's rights, so a reader needs SELECT on the view alone, and none of them shows prompt text:
--   grant select on public.v_template_performance to <reader>;
--
-- godwit: expect select count(*) from public.v_template_performance where version = 1 and template_name in ('nlu_topic_extraction', 'clarification_question_generation', 'educational_script_generation') => 3
-- godwit: expect select count(*) from public.v_guardrail_violations_summary where guardrail_name in ('pii_detection_basic', 'toxic_content_filter', 'prompt_injection_detection') => 3

create view public.v_template_performance as
select
    t.id as template_id,
    t.name as template_name,
    t.version,
    t.category,
    t.ab_test_group,
    t.is_active,
    coalesce(n.executions, 0) as executions,
    coalesce(n.successes, 0) as successes,
    coalesce(n.partials, 0) as partials,
    coalesce(n.failures, 0) as failures,
    coalesce(n.blocked, 0) as blocked,
    round(100 * n.successes / n.executions, 2) as success_percentage,
    n.execution_time_ms_sum / nullif(n.execution_time_ms_count, 0) as avg_execution_time_ms,
    n.token_sum / nullif(n.token_count, 0) as avg_token_count,
    n.cost_usd_sum / nullif(n.cost_usd_count, 0) as avg_cost_usd,
    coalesce(n.cost_usd_sum, 0) as total_cost_usd,
    n.last_minute
from public.prompt_templates t
left join (
    select
        template_id,
        sum(executions) as executions,
        sum(successes) as successes,
        sum(partials) as partials,
        sum(failures) as failures,
        sum(blocked) as blocked,
        sum(execution_time_ms_sum) as execution_time_ms_sum,
        sum(execution_time_ms_count) as execution_time_ms_count,
        sum(token_sum) as token_sum,
        sum(token_count) as token_count,
        sum(cost_usd_sum) as cost_usd_sum,
        sum(cost_usd_count) as cost_usd_count,
        max(bucket) as last_minute
    from public.prompt_execution_rollups
    group by template_id
) n on n.template_id = t.id;

comment on view public.v_template_performance is 'Every version of every prompt with its numbers. NULL, not 0, where nothing was measured.';

-- The failures that the replaced view never showed, because the service wrote another word for them, cannot occur: the
-- status is checked. Executions that found no template are among them.
create view public.v_recent_execution_errors as
select
    id as execution_id,
    executed_at,
    template_id,
    template_name,
    template_version,
    status,
    error_type,
    error_message,
    request_id,
    environment,
    execution_time_ms
from public.prompt_executions
where status in ('failure', 'partial')
order by executed_at desc, id desc
limit 100;

comment on view public.v_recent_execution_errors is 'The last 100 executions that failed or came back incomplete.';

-- Joined by id, so that a renamed guardrail keeps its past; FULL, so that a violation of an unknown rule is still counted.
create view public.v_guardrail_violations_summary as
select
    g.id as guardrail_id,
    coalesce(g.name, v.guardrail_name) as guardrail_name,
    g.guardrail_type,
    g.severity,
    g.action,
    g.is_active,
    coalesce(v.violations, 0) as violations,
    coalesce(v.executions, 0) as executions,
    coalesce(v.blocked, 0) as blocked,
    v.last_violation_at
from public.prompt_guardrails g
full join (
    select
        entry ->> 'guardrail_id' as guardrail_id,
        max(entry ->> 'guardrail') as guardrail_name,
        count(*) as violations,
        count(distinct e.id) as executions,
        count(distinct e.id) filter (where e.status = 'blocked') as blocked,
        max(e.executed_at) as last_violation_at
    from public.prompt_executions e
    cross join lateral jsonb_array_elements(e.guardrail_violations) as found (entry)
    where e.guardrail_violations <> '[]'::jsonb
    group by entry ->> 'guardrail_id'
) v on v.guardrail_id = g.id::text;

comment on view public.v_guardrail_violations_summary is 'Each guardrail with its violations in the audit log.';

create view public.v_active_ab_tests as
select
    x.id as experiment_id,
    x.name as experiment_name,
    x.template_name,
    x.primary_metric,
    x.variant_percentage,
    x.started_at,
    x.control_version,
    control.executions as control_executions,
    control.success_percentage as control_success_percentage,
    x.variant_version,
    variant.executions as variant_executions,
    variant.success_percentage as variant_success_percentage,
    x.minimum_sample_size,
    case
        when least(control.executions, variant.executions) >= x.minimum_sample_size then 'sufficient'
        else 'collecting'
    end as sample_state
from public.ab_test_experiments x
cross join lateral (
    select
        coalesce(sum(r.executions), 0) as executions,
        round(100 * sum(r.successes) / sum(r.executions), 2) as success_percentage
    from public.prompt_execution_rollups r
    join public.prompt_templates t on t.id = r.template_id
    where r.experiment_id = x.id and t.name = x.template_name and t.version = x.control_version
) control
cross join lateral (
    select
        coalesce(sum(r.executions), 0) as executions,
        round(100 * sum(r.successes) / sum(r.executions), 2) as success_percentage
    from public.prompt_execution_rollups r
    join public.prompt_templates t on t.id = r.template_id
    where r.experiment_id = x.id and t.name = x.template_name and t.version = x.variant_version
) variant
where x.status = 'active';

comment on view public.v_active_ab_tests is 'Running experiments. The sample suffices when each arm, not their total, has the size fixed before the start.';
