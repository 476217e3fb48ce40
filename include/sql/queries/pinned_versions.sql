SELECT model_name, model_version FROM batches WHERE state = 'running'
UNION
SELECT model_name, champion_version FROM comparisons WHERE ended_at IS NULL
UNION
SELECT model_name, challenger_version FROM comparisons WHERE ended_at IS NULL
