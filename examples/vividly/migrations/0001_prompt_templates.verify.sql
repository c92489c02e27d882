-- No prompt has two active versions in one group, whatever the index says.
select count(*) = 0
from (
    select 1
    from public.prompt_templates
    where is_active
    group by name, coalesce(ab_test_group, '')
    having count(*) > 1
) doubled;
