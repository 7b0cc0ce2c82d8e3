"""Benchmarks that anyone can run: `make bench`, or `python -m benchmarks NAME` for one."""
