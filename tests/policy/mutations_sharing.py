"""Grants and shares of AWS that hand an archive, its key or its catalog to others; and everyday ones beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

OWN, OTHER = "123456789012", "999988887777"
KEY = f"arn:aws:kms:eu-central-1:{OWN}:key/00000000-0000-0000-0000-000000000000"
GRANT, ACCESS = "aws:kms/grant:Grant", "aws:s3control/accessGrant:AccessGrant"
SHARE, PUT_IN = "aws:ram/resourceShare:ResourceShare", "aws:ram/resourceAssociation:ResourceAssociation"


def resource(kind: str, /, name: str = "shared", **inputs: Any) -> Declared:
    """Return a resource of AWS."""
    return Declared(urn=f"urn::{kind}::{name}", type=kind, name=name, inputs=inputs)


def whole_accounts() -> Iterator[Declared]:
    """Yield grants to every identity of an account, whichever it is."""
    for account in (OWN, OTHER):
        for who in (f"arn:aws:iam::{account}:root", account, f"arn:aws:iam::{account}:role/*"):
            yield resource(GRANT, keyId=KEY, granteePrincipal=who, operations=["Decrypt"])
            yield resource(ACCESS, permission="READ", grantee={"granteeType": "IAM", "granteeIdentifier": who})
            yield resource("aws-native:s3:AccessGrant", permission="READ", grantee={"granteeType": "IAM", "granteeIdentifier": who})


def other_accounts() -> Iterator[Declared]:
    """Yield grants to an identity of another account than that of the key."""
    for who in (f"arn:aws:iam::{OTHER}:role/reader", f"arn:aws:iam::{OTHER}:user/x", f"arn:aws:sts::{OTHER}:assumed-role/reader/x"):
        for key in (KEY, UNKNOWN, KEY.rpartition("/")[2]):
            yield resource(GRANT, keyId=key, granteePrincipal=who, operations=["Decrypt", "GenerateDataKey"])
        yield resource(ACCESS, permission="READWRITE", grantee={"granteeType": "IAM", "granteeIdentifier": who})


def everything() -> Iterator[Declared]:
    """Yield locations of access grants that are all buckets."""
    for kind in ("aws:s3control/accessGrantsLocation:AccessGrantsLocation", "aws-native:s3:AccessGrantsLocation"):
        for scope in ("s3://", "s3://*"):
            yield resource(kind, locationScope=scope, iamRoleArn=UNKNOWN)


def shares(bucket: str, database: str) -> Iterator[Declared]:
    """Yield shares of Resource Access Manager with a part of an archive in them."""
    glue = f"arn:aws:glue:eu-central-1:{OWN}"
    catalog = (f"{glue}:catalog", f"{glue}:database/{database}", f"{glue}:table/{database}/orders", f"{glue}:table/*/*") if database else ()
    for arn in (f"arn:aws:s3:::{bucket}", f"arn:aws:s3:eu-central-1:{OWN}:access-grants/default", *catalog):
        yield resource(PUT_IN, resourceArn=arn, resourceShareArn=UNKNOWN)
        yield resource("aws-native:ram:ResourceShare", resourceArns=[f"arn:aws:ec2:eu-central-1:{OWN}:subnet/subnet-1", arn])


def everyday() -> Iterator[Declared]:
    """Yield grants, access grants and shares of every day."""
    for who in (UNKNOWN, f"arn:aws:iam::{OWN}:role/reader", f"arn:aws:iam::{OWN}:role/aws-service-role/autoscaling.amazonaws.com/A"):
        yield resource(GRANT, keyId=KEY, granteePrincipal=who, operations=["Decrypt", "CreateGrant"])
        yield resource(ACCESS, permission="READ", grantee={"granteeType": "IAM", "granteeIdentifier": who})
    yield resource(ACCESS, permission="READ", grantee={"granteeType": "DIRECTORY_GROUP", "granteeIdentifier": "a1b2c3d4"})
    for scope in ("s3://reports/*", "s3://reports/a*", UNKNOWN):
        yield resource("aws:s3control/accessGrantsLocation:AccessGrantsLocation", locationScope=scope, iamRoleArn=UNKNOWN)
    for arn in (
        f"arn:aws:ec2:eu-central-1:{OWN}:subnet/subnet-0123",
        f"arn:aws:ec2:eu-central-1:{OWN}:transit-gateway/tgw-0123",
        f"arn:aws:route53resolver:eu-central-1:{OWN}:resolver-rule/rslvr-rr-1",
        f"arn:aws:acm-pca:eu-central-1:{OWN}:certificate-authority/a",
        f"arn:aws:glue:eu-central-1:{OWN}:database/marketing",
        "arn:aws:s3:::reports",
        f"arn:aws:rds:eu-central-1:{OWN}:cluster:marketing",
    ):
        yield resource(PUT_IN, resourceArn=arn, resourceShareArn=UNKNOWN)
    yield resource(SHARE, name="network", allowExternalPrincipals=False)
    yield resource("aws:ram/principalAssociation:PrincipalAssociation", principal=OTHER, resourceShareArn=UNKNOWN)


def snapshots(database: str) -> Iterator[Declared]:
    """Yield shares of snapshots of disks, and of the captured database, whose host names it or is another name of it."""
    for account in (OTHER, UNKNOWN):
        yield resource("aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission", snapshotId=UNKNOWN, accountId=account)
    for accounts in ([OTHER], [OWN, OTHER]):
        for known in (database, UNKNOWN):
            yield resource("aws:rds/snapshot:Snapshot", dbInstanceIdentifier=known, dbSnapshotIdentifier="a", sharedAccounts=accounts)
            yield resource("aws:rds/clusterSnapshot:ClusterSnapshot", dbClusterIdentifier=known, sharedAccounts=accounts)
        for source in (
            *(f"rds:{database}-2026-11-30-04-05", "before-the-upgrade", UNKNOWN),
            *(
                f"arn:aws:rds:eu-central-1:{OWN}:snapshot:a",
                f"arn:aws:rds:eu-central-1:{OWN}:cluster-snapshot:rds:{database}-2026-11-30-04-05",
            ),
        ):
            yield resource("aws:rds/snapshotCopy:SnapshotCopy", sourceDbSnapshotIdentifier=source, sharedAccounts=accounts)
            kind = "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy"
            yield resource(kind, sourceDbClusterSnapshotIdentifier=source, sharedAccounts=accounts)
    yield resource(PUT_IN, resourceArn=f"arn:aws:rds:eu-central-1:{OWN}:cluster:{database}", resourceShareArn=UNKNOWN)


def everyday_snapshots(database: str) -> Iterator[Declared]:
    """Yield snapshots that stay in the account, and shares of other databases."""
    yield resource("aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission", snapshotId=UNKNOWN, accountId=OWN)
    for accounts in (None, [], [OWN]):
        yield resource("aws:rds/snapshot:Snapshot", dbInstanceIdentifier=database, dbSnapshotIdentifier="a", sharedAccounts=accounts)
        yield resource("aws:rds/snapshotCopy:SnapshotCopy", sourceDbSnapshotIdentifier="a", destinationRegion="a", sharedAccounts=accounts)
    yield resource("aws:rds/snapshot:Snapshot", dbInstanceIdentifier="marketing", sharedAccounts=[OTHER])
    yield resource("aws:rds/clusterSnapshot:ClusterSnapshot", dbClusterIdentifier="marketing", sharedAccounts=[OTHER])
    for source in ("rds:marketing-2026-11-30-04-05", f"arn:aws:rds:eu-central-1:{OWN}:cluster:marketing"):
        yield resource("aws:rds/snapshotCopy:SnapshotCopy", sourceDbSnapshotIdentifier=source, sharedAccounts=[OTHER])
    yield resource("aws:ec2/amiLaunchPermission:AmiLaunchPermission", imageId="ami-1", accountId=OTHER)


def exports(database: str, bucket: object) -> Iterator[Declared]:
    """Yield exports of the captured database, or of a snapshot of it, to a bucket."""
    arn = f"arn:aws:rds:eu-central-1:{OWN}"
    for source in (f"{arn}:cluster:{database}", f"{arn}:snapshot:before", f"{arn}:snapshot:rds:{database}-2026-11-30-04-05", UNKNOWN):
        yield resource("aws:rds/exportTask:ExportTask", sourceArn=source, s3BucketName=bucket, exportTaskIdentifier="e")


def flows(account: str) -> Iterator[Declared]:
    """Yield services that copy what they are given to what an account has."""
    yield resource(
        "aws:rds/integration:Integration", sourceArn=UNKNOWN, targetArn=f"arn:aws:redshift-serverless:eu-central-1:{account}:namespace/a"
    )
    clusters = [{"amazonMskCluster": {"mskClusterArn": f"arn:aws:kafka:eu-central-1:{one}:cluster/a/b"}} for one in (OWN, account)]
    yield resource("aws:msk/replicator:Replicator", replicatorName="r", kafkaClusters=clusters)


def notifications(bucket: object, account: str) -> Iterator[Declared]:
    """Yield notifications of new objects to topics, queues and functions of an account."""
    kind = "aws:s3/bucketNotification:BucketNotification"
    for key, name, arn in (
        ("topics", "topicArn", f"arn:aws:sns:eu-central-1:{account}:new"),
        ("queues", "queueArn", f"arn:aws:sqs:eu-central-1:{account}:new"),
        ("lambdaFunctions", "lambdaFunctionArn", f"arn:aws:lambda:eu-central-1:{account}:function:new"),
    ):
        yield resource(kind, bucket=bucket, **{key: [{name: arn, "events": ["s3:ObjectCreated:*"]}]})


def everyday_copies(database: str, bucket: str) -> Iterator[Declared]:
    """Yield exports to a bucket of this program, those of other databases, and notifications within the account."""
    yield from exports(database, bucket)
    yield from exports(database, UNKNOWN)
    marketing = f"arn:aws:rds:eu-central-1:{OWN}:cluster:marketing"
    yield resource("aws:rds/exportTask:ExportTask", sourceArn=marketing, s3BucketName="of-others", exportTaskIdentifier="e")
    yield from flows(OWN)
    yield from notifications(bucket, OWN)
    yield from notifications("reports", OTHER)
    yield resource("aws:s3/bucketNotification:BucketNotification", bucket=bucket, eventbridge=True)
    yield resource(
        "aws:s3/bucketNotification:BucketNotification", bucket=bucket, queues=[{"queueArn": UNKNOWN, "events": ["s3:ObjectCreated:*"]}]
    )


def lists(bucket: str, target: str) -> Iterator[Declared]:
    """Yield reports about a bucket that S3 writes to a target."""
    arn = f"arn:aws:s3:::{target}"
    for more in ({}, {"accountId": OTHER}):
        yield resource("aws:s3/inventory:Inventory", bucket=bucket, destination={"bucket": {"bucketArn": arn, "format": "CSV", **more}})
    export = {"dataExport": {"destination": {"s3BucketDestination": {"bucketArn": arn}}}}
    yield resource("aws:s3/analyticsConfiguration:AnalyticsConfiguration", bucket=bucket, storageClassAnalysis=export)
    yield resource("aws:s3/inventory:Inventory", bucket=UNKNOWN, destination={"bucket": {"bucketArn": arn, "format": "Parquet"}})
    lens = {"dataExport": {"s3BucketDestination": {"accountId": OTHER, "arn": arn, "format": "CSV", "outputSchemaVersion": "V_1"}}}
    yield resource("aws:s3control/storageLensConfiguration:StorageLensConfiguration", configId="a", storageLensConfiguration=lens)


def sharing(bench: Workbench) -> Iterator[Made]:
    """Yield some of them beside a stack."""
    (archive,) = bench.of_kind("Bucket")
    bucket = bench.inputs(archive)["bucket"]
    for at, one in enumerate((*whole_accounts(), *everything(), *shares(bucket, ""))):
        yield f"sharing: {at}", "aws-shared", bench.with_more(one)
    for at, one in enumerate(everyday()):
        yield f"sharing: everyday {at}", None, bench.with_more(one)
    for at, one in enumerate(lists(bucket, "of-others")):
        yield f"sharing: a list {at}", "bucket-copied", bench.with_more(one)
    for at, one in enumerate(lists(bucket, bucket)):
        yield f"sharing: a list of its own {at}", None, bench.with_more(one)
    for at, one in enumerate((*snapshots("shop"), *everyday_snapshots("shop"))):
        # the sandbox has a database and brokers of its own, so that only disks are the pipeline's, and names no account as its own
        rule = "aws-shared" if "Volume" in one.kind else None
        yield f"sharing: a snapshot {at}", rule, bench.with_more(one)
    yield "sharing: a list of others", None, bench.with_more(next(lists("reports", "of-others")))
