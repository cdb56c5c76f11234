"""The CronJob of the audit: one restricted pod at a time, with a deadline, logins as files and no token for the API server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.capacity import audit as sizes
from stack.specification import manifest, readers
from stack.specification.audit.network import COMPONENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.specification.archive.identity import PodIdentity
    from stack.specification.manifest import Manifest

CONFIG_MAP: Final = "audit-config"
DATABASE_LOGIN: Final = "audit-database"
REGISTRY_LOGIN: Final = "audit-registry"
UID: Final = 1000
_WORK: Final = "/work"
# Exit codes after which a second try would find the same: faults, and a document that the image does not understand. What could not be
# decided, and what ran out of memory or was evicted, is tried once more.
_FINAL: Final = (1, 2)
_TRIES: Final = 2
# A run that the controller could not start in time is left out; without a bound, a CronJob with 100 missed runs is never started again.
_LATE_S: Final = 600
_KEPT: Final = 3


def secrets(settings: Settings, reader: PodIdentity | None) -> dict[str, str]:
    """Return the Secrets of the job: folder below ``READER_SECRETS`` to name of the Secret."""
    return readers.secrets(settings, {"database": DATABASE_LOGIN, "registry": REGISTRY_LOGIN}, settings.audit.secrets, reader)


def cron_job(settings: Settings, files: Mapping[str, Mapping[str, str]], mounted: Mapping[str, str]) -> Manifest:
    """Return the specification of the CronJob.

    Args:
        settings: The stack's settings.
        files: Files by ConfigMap name, then file name.
        mounted: Secrets, as ``secrets`` returns them.
    """
    section = settings.audit
    template = manifest.template(COMPONENT, _pod(settings, mounted), manifest.checksum(files))
    return {
        "schedule": section.schedule,
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": _LATE_S,
        "successfulJobsHistoryLimit": _KEPT,
        "failedJobsHistoryLimit": _KEPT,
        "jobTemplate": {
            "metadata": {"labels": manifest.labels(COMPONENT)},
            "spec": {
                "backoffLimit": _TRIES - 1,
                "activeDeadlineSeconds": section.deadline_minutes * 60,
                # the second try starts when the first one has ended, since the quota has room for one pod
                "podReplacementPolicy": "Failed",
                "podFailurePolicy": {
                    "rules": [{"action": "FailJob", "onExitCodes": {"containerName": COMPONENT, "operator": "In", "values": list(_FINAL)}}]
                },
                "template": template,
            },
        },
    }


def _pod(settings: Settings, mounted: Mapping[str, str]) -> Manifest:
    section, token = settings.audit, readers.token(settings)
    pod = manifest.pod(
        service_account=COMPONENT,
        uid=UID,
        grace_s=10,
        containers=[
            manifest.container(
                name=COMPONENT,
                image=settings.images.audit,
                command=["python3", "-m", "pipeline.audit"],
                memory_mib=section.memory_mib,
                cpu_millicores=section.cpu_millicores,
                env={
                    "TMPDIR": _WORK,
                    **readers.AWS_ENVIRONMENT,
                    **sizes.ENVIRONMENT,
                },
                mounts=[
                    manifest.mount("work", _WORK, read_only=False),
                    *readers.mounts(mounted, token),
                ],
            )
        ],
        volumes=[
            {"name": "work", "emptyDir": {"sizeLimit": f"{section.disk_mib}Mi"}},
            *readers.volumes(CONFIG_MAP, mounted, token),
        ],
    )
    return {**pod, "restartPolicy": "Never"}
