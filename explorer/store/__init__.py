"""The only shared mutable state: services, models, traces, downloads."""
