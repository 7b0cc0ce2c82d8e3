"""What the API server refuses by the schema of a kind, with what other releases make of it."""
