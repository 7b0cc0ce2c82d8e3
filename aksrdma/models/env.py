"""Environment variables: `env` of containers and of the operator's components."""

from aksrdma.models.base import Model
from aksrdma.models.shape import Quantity


class KeySelector(Model):
    """`configMapKeyRef` and `secretKeyRef`: one key of a ConfigMap or Secret in the pod's namespace."""

    name: str | None = None
    """Name of the ConfigMap or Secret; the API server's default is an empty string, which finds none."""
    key: str
    """The key whose value is taken."""
    optional: bool | None = None
    """True lets the container start without the object or key."""


class FieldSelector(Model):
    """`fieldRef`: a field of the pod itself."""

    api_version: str | None = None
    """Version in which `fieldPath` is written; v1 unless set."""
    field_path: str
    """Path such as metadata.name or status.podIP."""


class ResourceFieldSelector(Model):
    """`resourceFieldRef`: a request or limit of a container."""

    container_name: str | None = None
    """The container; needed in volumes, the own one in env."""
    resource: str
    """Name such as limits.memory."""
    divisor: Quantity | None = None
    """Unit in which the value is given; 1 unless set."""


class FileKeySelector(Model):
    """`fileKeyRef`: one key of an env file in a volume (Kubernetes 1.34 API types)."""

    volume_name: str
    """Name of the volume that holds the file."""
    path: str
    """Path of the file inside the volume."""
    key: str
    """Key in the file."""
    optional: bool | None = None
    """True lets the container start without file or key; false unless set."""


class EnvVarSource(Model):
    """`valueFrom` of an environment variable: exactly one source."""

    config_map_key_ref: KeySelector | None = None
    """A key of a ConfigMap."""
    field_ref: FieldSelector | None = None
    """A field of the pod."""
    file_key_ref: FileKeySelector | None = None
    """A key of an env file."""
    resource_field_ref: ResourceFieldSelector | None = None
    """A request or limit of a container."""
    secret_key_ref: KeySelector | None = None
    """A key of a Secret."""


class EnvVar(Model):
    """One environment variable."""

    name: str
    """Name of the variable."""
    value: str | None = None
    """Its value; `$(NAME)` takes in earlier variables. An empty string unless set."""
    value_from: EnvVarSource | None = None
    """Where the value comes from; not together with `value`."""
