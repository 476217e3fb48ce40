SELECT batch_id, model_name, model_version, lane FROM batches WHERE state = 'running'
