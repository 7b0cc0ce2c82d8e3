"""What the log of an NCCL, RCCL, nccl-tests, perftest, UCX, NIXL, NVSHMEM or Mooncake job proves about RDMA."""

from __future__ import annotations

from aksrdma.diagnosis.log_report import LogError, LogReport, RankReport, check_log, render_json, render_text

__all__ = ["LogError", "LogReport", "RankReport", "check_log", "render_json", "render_text"]
