-- By key. A prompt that the audit log still refers to stays, and stops this rollback.
delete from public.prompt_guardrails
where name in ('pii_detection_basic', 'toxic_content_filter', 'prompt_injection_detection');

delete from public.prompt_templates
where version = 1
    and name in ('nlu_topic_extraction', 'clarification_question_generation', 'educational_script_generation');
