drop index public.idx_ab_test_experiments_variant;
drop index public.idx_ab_test_experiments_control;
drop index public.idx_ab_test_experiments_one_running;
drop table public.ab_test_experiments;
