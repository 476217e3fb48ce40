"""CloudWatch alarms, evaluated as CloudWatch documents it; see ``watcher``."""
