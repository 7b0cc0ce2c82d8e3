"""Probes and lifecycle hooks of containers."""

from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.types import Int, IntOrString, ListOf


class ExecAction(Model):
    """`exec`: a command inside the container; exit code 0 is success."""

    command: ListOf[str] | None = None
    """Command and arguments; no shell unless you name one."""


class HTTPHeader(Model):
    """One entry of `httpHeaders`."""

    name: str
    """Name of the header."""
    value: str
    """Its value."""


class HTTPGetAction(Model):
    """`httpGet`: a request; status 200 to 399 is success."""

    path: str | None = None
    """Path of the request."""
    port: IntOrString
    """Number, or name of a container port."""
    host: str | None = None
    """Host; the pod's IP unless set."""
    scheme: Literal["HTTP", "HTTPS"] | None = None
    """HTTP unless set."""
    http_headers: ListOf[HTTPHeader] | None = None
    """Headers of the request."""


class TCPSocketAction(Model):
    """`tcpSocket`: a connection; that it opens is success."""

    port: IntOrString
    """Number, or name of a container port."""
    host: str | None = None
    """Host; the pod's IP unless set."""


class GRPCAction(Model):
    """`grpc`: a gRPC health check."""

    port: Int
    """Port number."""
    service: str | None = None
    """Service asked about; an empty string unless set."""


class SleepAction(Model):
    """`sleep`: waits."""

    seconds: Int
    """Seconds."""


class Probe(Model):
    """`startupProbe`, `livenessProbe` or `readinessProbe` of a container: exactly one way to ask, and when."""

    exec: ExecAction | None = None
    """Asks by a command."""
    http_get: HTTPGetAction | None = None
    """Asks by a request."""
    tcp_socket: TCPSocketAction | None = None
    """Asks by a connection."""
    grpc: GRPCAction | None = None
    """Asks by a gRPC health check."""
    initial_delay_seconds: Int | None = None
    """Seconds from the container's start to the first probe; 0 unless set."""
    failure_threshold: Int | None = None
    """Failures in a row that count; 3 unless set."""
    success_threshold: Int | None = None
    """Successes in a row after a failure; 1 unless set, and 1 for startup and liveness."""
    period_seconds: Int | None = None
    """Seconds between probes; 10 unless set."""
    timeout_seconds: Int | None = None
    """Seconds after which a probe counts as failed; 1 unless set."""
    termination_grace_period_seconds: Int | None = None
    """Seconds to end after the probe failed; the pod's unless set."""


class LifecycleHandler(Model):
    """`postStart` or `preStop`: exactly one thing to do."""

    exec: ExecAction | None = None
    """Runs a command."""
    http_get: HTTPGetAction | None = None
    """Makes a request."""
    sleep: SleepAction | None = None
    """Waits."""
    tcp_socket: TCPSocketAction | None = None
    """Not supported any more; kept by the API for old objects."""


class Lifecycle(Model):
    """`lifecycle` of a container."""

    post_start: LifecycleHandler | None = None
    """Right after the start."""
    pre_stop: LifecycleHandler | None = None
    """Before the container is told to end."""
    stop_signal: str | None = None
    """Signal that tells it to end, such as SIGTERM; the image's unless set. Needs `os.name` of the pod."""
