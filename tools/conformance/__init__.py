"""Compares the schema verdicts of aksrdma with those of kubectl-validate on thousands of objects."""
