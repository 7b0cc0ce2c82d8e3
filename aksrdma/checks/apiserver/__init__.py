"""What the API server refuses beyond the schema: metadata of every kind, pods, workloads, Services, ConfigMaps."""
