INSERT INTO gpu_samples (
    resource_id, resource_kind, instance_type, gpus, utilisation, at, is_emulated
) VALUES (
    %(resource_id)s, %(resource_kind)s, %(instance_type)s, %(gpus)s, %(utilisation)s, %(at)s,
    %(is_emulated)s
)
ON CONFLICT (resource_id, at) DO NOTHING
