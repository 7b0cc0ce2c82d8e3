"""`aksrdma inject` on 1,000 workloads, as data and as text."""

from __future__ import annotations

from benchmarks.measure import own_peak_mib, timed

WORKLOADS = 1_000
JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: train-{number}   # the experiment
spec:
  completions: 2
  parallelism: 2
  completionMode: Indexed
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: train
        image: registry.example.com/train:{number}
        resources:
          limits:
            nvidia.com/gpu: 8
"""


def main() -> None:
    """Print the figures of inject."""
    import aksrdma
    from aksrdma.plan.decisions import decide
    from aksrdma.workloads.inject import inject_files, injection_for

    pool = aksrdma.NodePool(name="ndh100", vm_size="Standard_ND96isr_H100_v5")
    injection = injection_for(decide(aksrdma.Cluster(node_pools=[pool])), pool="ndh100")
    files = [(f"job-{number}.yaml", JOB.format(number=number).encode()) for number in range(WORKLOADS)]
    inject_files(files[:1], injection)
    seconds = timed(lambda: inject_files(files, injection))
    print("\nInject, text to text, comments kept\n\n| workloads | seconds | ms a workload | peak MiB |")
    print("|----------:|--------:|--------------:|---------:|")
    print(f"| {WORKLOADS:9,} | {seconds:7.2f} | {seconds / WORKLOADS * 1e3:13.2f} | {own_peak_mib():8.1f} |")
