"""Measures check-log on a synthetic log: MB/s of one process, and the most memory it took.

python -m benchmarks.check_log [MEGABYTES [training|channels|errors|unique ...]]
"""

from __future__ import annotations

import io
import itertools
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence

from aksrdma.diagnosis import check_log

_RANKS = 512
_GPUS = 8


class Synthetic(io.RawIOBase):
    """A log as a stream that is made while it is read, so that it takes no memory and no disk."""

    def __init__(self, blocks: Iterator[bytes], size: int) -> None:
        self._blocks, self._left, self._rest = blocks, size, b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        if self._left <= 0:
            return b""
        data = self._rest or next(self._blocks)
        taken, self._rest = (data[:size], data[size:]) if size >= 0 else (data, b"")
        self._left -= len(taken)
        return taken


def head() -> bytes:
    """Return what NCCL prints when it starts on all ranks."""
    devices = " ".join(f"[{nic}]mlx5_{nic}:1/IB" for nic in range(8))
    return b"".join(
        f"{_prefix(rank)} NCCL INFO Bootstrap : Using eth0:10.0.0.{rank % 250}<0>\n"
        f"{_prefix(rank)} NCCL INFO NET/IB : Using {devices} [RO]; OOB eth0:10.0.0.{rank % 250}<0>\n"
        f"{_prefix(rank)} NCCL INFO Using network IB\n"
        f"{_prefix(rank)} NCCL INFO comm 0x7f{rank:04x} rank {rank} nRanks {_RANKS} nNodes {_RANKS // _GPUS}\n".encode()
        for rank in range(_RANKS)
    )


def channels(rank: int) -> str:
    """Return channel lines of a rank, among them those to another node."""
    lines = (
        f"{_prefix(rank)} NCCL INFO Channel {channel:02d}/0 : {rank}[{rank % _GPUS}] -> {(rank + 8) % _RANKS}"
        f"[{rank % _GPUS}] [send] via NET/IB/{rank % _GPUS}/GDRDMA\n"
        f"{_prefix(rank)} NCCL INFO Channel {channel:02d}/0 : {rank}[{rank % _GPUS}] -> {rank + 1}"
        f"[{(rank + 1) % _GPUS}] via P2P/CUMEM/read\n"
        for channel in range(16)
    )
    return "".join(lines)


def training(rank: int) -> str:
    """Return a few lines of a training job with NCCL's trace of collectives between them."""
    step = random.randrange(10**6)
    return (
        f"2026-01-05T10:00:{rank % 60:02}Z INFO step {step} loss={random.random():.4f} tokens/s {random.random():.1f}\n"
        f"{_prefix(rank)} NCCL INFO AllReduce: opCount {step:x} sendbuff 0x{random.getrandbits(44):x} recvbuff"
        f" 0x{random.getrandbits(44):x} count 16384 datatype 7 op 0 root 0 comm 0x7f1c98001000 [nranks={_RANKS}]"
        f" stream 0x{random.getrandbits(28):x}\n"
        f"{_prefix(rank)} NCCL INFO 65536 Bytes -> Algo 0 proto 0 time {random.random() * 100:.6f}\n"
    )


def errors(rank: int) -> str:
    """Return the flood of a fabric that broke."""
    return (
        f"[node-{rank // _GPUS}:{4000 + rank}:0:{4000 + rank}] ib_mlx5_log.c:179  Transport retry count exceeded on"
        f" mlx5_{rank % _GPUS}:1/IB (synd 0x15 vend 0x81 hw_synd 0/0)\n"
    )


def unique(rank: int) -> str:
    """Return text of which no line is like another: what an application itself may print."""
    return " ".join(f"{random.getrandbits(40):010x}"[2:] for _ in range(10)) + "\n"


def measure(megabytes: int, kind: str) -> str:
    """Return MB/s and peak memory of one run."""
    made = {"training": training, "channels": channels, "errors": errors, "unique": unique}[kind]
    random.seed(1)
    pool = ["".join(made(random.randrange(_RANKS)) for _ in range(600)).encode() for _ in range(12)]
    start = head() + b"".join(channels(rank).encode() for rank in range(_RANKS))
    stream = Synthetic(itertools.chain([start], itertools.cycle(pool)), megabytes * 10**6)
    before, cpu = time.perf_counter(), time.process_time()
    report = check_log(stream, kind)  # type: ignore[arg-type]  # only `read` is asked of it
    seconds, cpu = time.perf_counter() - before, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = f"{megabytes / seconds:.0f} MB/s ({megabytes / cpu:.0f} MB a second of CPU)"
    return f"{kind}: {rate}, peak memory {peak:.0f} MiB, verdict {report.verdict}"


def _prefix(rank: int) -> str:
    return f"node-{rank // _GPUS}:{4000 + rank}:{5000 + rank} [{rank % _GPUS}]"


def main(megabytes: int = 1000, kinds: Sequence[str] = ("training", "channels")) -> None:
    """Print one line for each kind of log."""
    print(f"\ncheck-log on {megabytes:,} MB\n")
    for kind in kinds:
        print(measure(megabytes, kind))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2:] or ["training", "channels"])
