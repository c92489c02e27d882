drop view public.v_active_ab_tests;
drop view public.v_guardrail_violations_summary;
drop view public.v_recent_execution_errors;
drop view public.v_template_performance;
