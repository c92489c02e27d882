-- The first three prompts and the first three guardrails.
--
-- Seeds are a migration of their own, and a migration runs once. In the system this replaces a second run put version 1 of
-- every prompt back in front of the live one.
-- They come before the audit log, so that a complete rollback removes the log, and with it the references, first.
--
-- godwit: expect select count(*) from public.prompt_templates where version = 1 and name in ('nlu_topic_extraction', 'clarification_question_generation', 'educational_script_generation') => 3
-- godwit: expect select count(*) from public.prompt_guardrails where name in ('pii_detection_basic', 'toxic_content_filter', 'prompt_injection_detection') => 3

insert into public.prompt_templates
    (name, version, description, category, template_text, variables, optional_variables, model_config, is_active, activated_at, activated_by, created_by)
values
    (
        'nlu_topic_extraction', 1,
        'Finds the school topic in a learner''s question.',
        'nlu',
        $prompt$You help a learning platform to understand what a learner wants to know.

Question of the learner:
{{ student_query }}
{% if interests %}
The learner is interested in: {{ interests | join(", ") }}.
{% endif %}
Answer with one JSON object and nothing else:
{"topic": "<subject in two to five words>", "subject_area": "<school subject>", "confidence": <number from 0 to 1>, "needs_clarification": <true or false>}
$prompt$,
        '["student_query"]', '["interests"]', '{"temperature": 0.2, "max_output_tokens": 1024}',
        true, now(), 'migration 0003', 'migration 0003'
    ),
    (
        'clarification_question_generation', 1,
        'Asks the learner back when a question is too vague.',
        'clarification',
        $prompt$A learner has asked something that could mean several things:
{{ student_query }}
{% if interests %}
Examples may come from: {{ interests | join(", ") }}.
{% endif %}
Write two or three short, friendly questions that would settle what is meant. Do not answer the question itself.
Answer with one JSON object and nothing else:
{"questions": ["<question>", "<question>"]}
$prompt$,
        '["student_query"]', '["interests"]', '{"temperature": 0.5, "max_output_tokens": 1024}',
        true, now(), 'migration 0003', 'migration 0003'
    ),
    (
        'educational_script_generation', 1,
        'Writes the script of a short lesson from source material.',
        'script',
        $prompt$Write the spoken script of a lesson for grade {{ grade_level }}, about {{ duration_seconds }} seconds long.

Topics: {{ topics | join(", ") }}

Use only facts from this material:
{{ rag_context }}
{% if interests %}
Where it helps, explain with examples from: {{ interests | join(", ") }}.
{% endif %}
Begin with a question that makes curious, explain one idea at a time, and close with a summary of three sentences.
Answer with one JSON object and nothing else:
{"title": "<title>", "sections": [{"heading": "<heading>", "narration": "<text>"}], "summary": "<text>"}
$prompt$,
        '["topics", "rag_context", "grade_level", "duration_seconds"]', '["interests"]', '{"temperature": 0.7, "max_output_tokens": 8192}',
        true, now(), 'migration 0003', 'migration 0003'
    );

insert into public.prompt_guardrails
    (name, description, guardrail_type, severity, action, on_error, config, created_by)
values
    (
        'pii_detection_basic',
        'Personal data in what the caller puts into a prompt. The prompt''s own text is not searched.',
        'pii_detection', 'critical', 'block', 'block',
        '{"scope": "variables", "detectors": [{"kind": "email"}, {"kind": "us_ssn"}, {"kind": "payment_card", "validate": "luhn"}, {"kind": "phone", "require_separators": true}]}',
        'migration 0003'
    ),
    (
        'toxic_content_filter',
        'Content unfit for learners, by the score of a classifier.',
        'toxic_content', 'high', 'block', 'block',
        '{"scope": "variables", "threshold": 0.7, "categories": ["hate", "harassment", "sexual", "violence"]}',
        'migration 0003'
    ),
    (
        'prompt_injection_detection',
        'Attempts to give the model other orders. Scored, because single words also occur in honest questions.',
        'prompt_injection', 'critical', 'block', 'block',
        '{"scope": "variables", "threshold": 2, "signals": [{"phrase": "ignore all previous instructions", "score": 2}, {"phrase": "ignore the above", "score": 2}, {"phrase": "reveal your system prompt", "score": 2}, {"phrase": "you are now", "score": 1}, {"phrase": "developer mode", "score": 1}, {"phrase": "jailbreak", "score": 1}]}',
        'migration 0003'
    );
