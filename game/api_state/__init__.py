"""What the API has told, as immutable values: news, snapshot, what changed, events."""
