SELECT DISTINCT model_name, model_version FROM batches WHERE state = 'running'
