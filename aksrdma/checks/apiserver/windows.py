"""`windowsOptions` of a security context.

Source: validateWindowsSecurityContextOptions in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.checks.apiserver.context import Pod
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import items, mapping

RULE: Final = "invalid-security-context"
_CREDENTIAL_SPEC_MAX: Final = 64 * 1024
_DOMAIN_MAX: Final = 255
_USER_MAX: Final = 104
# Patterns stay text, which `re` compiles and keeps at first use: hardly any pod has these.
_CONTROL: Final = r"[\x00-\x1f\x7f]"
_NETBIOS: Final = r"""[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}"""
_LABEL: Final = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])"
_DOMAIN: Final = rf"(?:{_LABEL}\.)*{_LABEL}"
_BLANK: Final = r"[. ]+"
_NO_USER: Final = r"""["/\\:;|=,+*?<>@\[\]]"""


def check_windows(pod: Pod) -> None:
    """Judge the options for Windows of a pod and of its containers."""
    _check_options(pod, (*pod.path, "securityContext", "windowsOptions"), pod.security)
    for field in ("initContainers", "containers"):
        for where, container in items(pod.spec.get(field), (*pod.path, field)):
            context = mapping(container.get("securityContext"))
            _check_options(pod, (*where, "securityContext", "windowsOptions"), context)


def _check_options(pod: Pod, path: FieldPath, context: dict[str, Any]) -> None:
    options = mapping(context.get("windowsOptions"))
    name, spec, user = (
        options.get(field) for field in ("gmsaCredentialSpecName", "gmsaCredentialSpec", "runAsUserName")
    )
    if isinstance(name, str) and (reason := names.dns_subdomain(name)):
        pod.report.add(RULE, (*path, "gmsaCredentialSpecName"), f"gmsaCredentialSpecName {name!r} {reason}")
    if isinstance(spec, str) and not 0 < len(spec.encode(errors="replace")) <= _CREDENTIAL_SPEC_MAX:
        message = f"gmsaCredentialSpec has {len(spec)} characters, not between 1 and {_CREDENTIAL_SPEC_MAX}"
        pod.report.add(RULE, (*path, "gmsaCredentialSpec"), message)
    if isinstance(user, str) and (reason := user_problem(user)):
        pod.report.add(RULE, (*path, "runAsUserName"), f"runAsUserName {reason}")


def user_problem(name: str) -> str | None:
    """Say why a string is no name of a Windows user, as `DOMAIN` and `USER` with a backslash between, or `USER`, or None."""
    domain, backslash, user = name.rpartition("\\")
    if not name or re.search(_CONTROL, name) or "\\" in domain:
        return f"{name!r} is empty, or has control characters or two backslashes"
    if backslash and (
        len(domain) > _DOMAIN_MAX or not (re.fullmatch(_NETBIOS, domain) or re.fullmatch(_DOMAIN, domain))
    ):
        return f"has the domain {domain!r}, which is neither a NetBIOS nor a DNS name"
    if not user or len(user.encode(errors="replace")) > _USER_MAX:
        return f"has a user of {len(user)} characters, not between 1 and {_USER_MAX}"
    if re.fullmatch(_BLANK, user) or re.search(_NO_USER, user):
        return f'has the user {user!r}, which is only dots and blanks or has one of "/\\:;|=,+*?<>@[]'
    return None
