"""Names that are needed before the SDK is loaded; loading it takes longer than anything else at a start."""

DATABASE = "temporal.db"
