"""The API's routes, one module a subject; none of them knows how Temporal or a process is spoken to."""
