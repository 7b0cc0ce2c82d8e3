"""Workloads that use RDMA: added to those that are there, made to prove it, counted, and read in their logs."""
