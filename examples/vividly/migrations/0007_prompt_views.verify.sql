-- PUBLIC has no right on any of it.
select not exists (
    select 1
    from pg_catalog.pg_class c
    cross join lateral pg_catalog.aclexplode(c.relacl) acl
    where c.oid in (
            'public.prompt_templates'::regclass, 'public.prompt_guardrails'::regclass,
            'public.ab_test_experiments'::regclass, 'public.prompt_executions'::regclass,
            'public.prompt_execution_rollups'::regclass, 'public.v_template_performance'::regclass,
            'public.v_recent_execution_errors'::regclass, 'public.v_guardrail_violations_summary'::regclass,
            'public.v_active_ab_tests'::regclass
        )
        and acl.grantee = 0
);

-- Nothing is lost between log and view: executions of the views and of the rollups are the same.
select
    (select coalesce(sum(executions), 0) from public.v_template_performance)
    = (select coalesce(sum(executions), 0) from public.prompt_execution_rollups);
