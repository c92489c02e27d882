-- Every seeded prompt has an active version for everybody. Which one is up to those who release.
select count(*) = 3
from public.prompt_templates
where is_active
    and ab_test_group is null
    and name in ('nlu_topic_extraction', 'clarification_question_generation', 'educational_script_generation');

-- Each variable that a seeded prompt declares occurs in its text.
select bool_and(position(declared.variable in t.template_text) > 0)
from public.prompt_templates t
cross join lateral jsonb_array_elements_text(t.variables || t.optional_variables) as declared (variable)
where t.version = 1
    and t.name in ('nlu_topic_extraction', 'clarification_question_generation', 'educational_script_generation');
