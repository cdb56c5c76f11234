"""Security groups, roles and access rules that reach further than a named thing; and everyday ones beside them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

GROUP = "aws:ec2/securityGroup:SecurityGroup"
SINGLE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
LIGHTSAIL = "aws:lightsail/instancePublicPorts:InstancePublicPorts"
# protocol, first and last port of a rule that reaches the pipeline
REACHING: tuple[tuple[Any, Any, Any], ...] = (
    *(("tcp", port, port) for port in (5432, 8081, 8083, 9092, 9093, 9094, 9096, 9098, 9194, 9198)),
    ("tcp", 0, 65535),
    ("tcp", 1024, 65535),
    ("tcp", 8000, 9000),
    ("tcp", "9092", "9094"),
    ("6", 5000, 6000),
    ("TCP", 9000, 9100),
    ("-1", 0, 0),
    (-1, None, None),
    ("all", -1, -1),
    (UNKNOWN, 443, 443),
    ("tcp", UNKNOWN, 65535),
)
BESIDE: tuple[tuple[Any, Any, Any], ...] = (
    *(("tcp", port, port) for port in (22, 80, 443, 8080, 8443, 3306, 6379)),
    ("tcp", 80, 443),
    ("udp", 5432, 5432),
    ("udp", 0, 65535),
    ("17", 53, 53),
    ("icmp", 8, -1),
    ("icmpv6", -1, -1),
    ("58", -1, -1),
)
WIDE: tuple[list[Any], ...] = (
    ["0.0.0.0/0"],
    ["0.0.0.0/1", "128.0.0.0/1"],
    ["128.0.0.0/1"],
    ["64.0.0.0/2"],
    ["8.0.0.0/7"],
    ["10.0.0.0/7"],
    ["172.0.0.0/8"],
    ["10.0.0.0/8", "0.0.0.0/0"],
    ["::/0"],
    ["::/1", "8000::/1"],
    ["2000::/3"],
    [UNKNOWN],
    ["anywhere"],
)
NARROW: tuple[list[Any], ...] = (
    ["10.0.0.0/8"],
    ["172.16.0.0/12", "192.168.0.0/16"],
    ["100.64.0.0/10"],
    ["203.0.113.7/32"],
    ["203.0.113.0/24", "198.51.100.0/24", "10.20.0.0/16"],
    ["fd00::/8"],
    ["2001:db8:1234::/48"],
)


def resource(kind: str, **inputs: Any) -> Declared:
    """Return a resource of AWS."""
    return Declared(urn=f"urn::{kind}", type=kind, name=kind.rpartition(":")[2].lower(), inputs=inputs)


def _without_none(**said: Any) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value is not None}


def groups(ports: tuple[Any, Any, Any], ranges: list[Any]) -> Iterator[Declared]:
    """Yield a rule in all three forms, inline and separate."""
    protocol, first, last = ports
    six = [one for one in ranges if ":" in str(one)]
    four = [one for one in ranges if one not in six]
    blocks = _without_none(cidrBlocks=four or None, ipv6CidrBlocks=six or None)
    rule = _without_none(protocol=protocol, fromPort=first, toPort=last, **blocks)
    other = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]}
    yield resource(GROUP, ingress=[other, rule])
    yield resource("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", ingress=[rule])
    yield resource(SINGLE, type="ingress", securityGroupId="sg-1", **rule)
    if len(ranges) == 1:
        form = {"cidrIpv6" if six else "cidrIpv4": ranges[0]}
        yield resource(INGRESS, securityGroupId="sg-1", **_without_none(ipProtocol=protocol, fromPort=first, toPort=last), **form)
        native = {"cidrIpv6" if six else "cidrIp": ranges[0], **_without_none(ipProtocol=protocol, fromPort=first, toPort=last)}
        yield resource("aws-native:ec2:SecurityGroup", groupDescription="g", securityGroupIngress=[native])
        yield resource("aws-native:ec2:SecurityGroupIngress", **native)


def open_groups() -> Iterator[Declared]:
    """Yield rules that let more than a named network in to a port of the pipeline."""
    for ports, ranges in itertools.product(REACHING, WIDE):
        yield from groups(ports, ranges)


def closed_groups() -> Iterator[Declared]:
    """Yield everyday rules: other ports from everywhere, and the pipeline's ports from named networks and groups."""
    for ports, ranges in (*itertools.product(BESIDE, WIDE), *itertools.product(REACHING, NARROW)):
        yield from groups(ports, ranges)
    for ports in REACHING:
        protocol, first, last = ports
        rule = _without_none(protocol=protocol, fromPort=first, toPort=last)
        for source in ({"self": True}, {"securityGroups": ["sg-2"]}, {"securityGroups": [UNKNOWN]}, {"prefixListIds": [UNKNOWN]}):
            yield resource(GROUP, ingress=[{**rule, **source}])
        yield resource(SINGLE, type="ingress", sourceSecurityGroupId=UNKNOWN, **rule)
        yield resource(SINGLE, type="egress", cidrBlocks=["0.0.0.0/0"], **rule)
        yield resource(GROUP, egress=[{**rule, "cidrBlocks": ["0.0.0.0/0"]}])
        yield resource(INGRESS, ipProtocol=protocol, fromPort=first, toPort=last, referencedSecurityGroupId=UNKNOWN)
        yield resource(INGRESS, ipProtocol=protocol, fromPort=first, toPort=last, prefixListId="pl-0123456789abcdef0")


def public() -> Iterator[Declared]:
    """Yield managed databases and brokers with a public address."""
    for kind in ("rds/instance:Instance", "rds/clusterInstance:ClusterInstance", "dms/replicationInstance:ReplicationInstance"):
        for said in (True, "true", UNKNOWN):
            yield resource(f"aws:{kind}", publiclyAccessible=said)
    for access in ({"type": "SERVICE_PROVIDED_EIPS"}, {"type": UNKNOWN}, UNKNOWN):
        yield resource("aws:msk/cluster:Cluster", brokerNodeGroupInfo={"connectivityInfo": {"publicAccess": access}})
        yield resource("aws-native:msk:Cluster", brokerNodeGroupInfo={"connectivityInfo": {"publicAccess": access}})
    for kind in ("snapshot:Snapshot", "clusterSnapshot:ClusterSnapshot", "snapshotCopy:SnapshotCopy"):
        for accounts in (["all"], ["123456789012", "all"], UNKNOWN):
            yield resource(f"aws:rds/{kind}", sharedAccounts=accounts)
    for said in (True, "true", UNKNOWN):
        yield resource("aws:msk/cluster:Cluster", clientAuthentication={"unauthenticated": said})
        yield resource("aws-native:msk:Cluster", clientAuthentication={"unauthenticated": {"enabled": said}})
    for said in ("*", UNKNOWN):
        yield resource("aws:ec2/vpcEndpointService:VpcEndpointService", acceptanceRequired=False, allowedPrincipals=[said])
        yield resource("aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple", principalArn=said)
        yield resource("aws-native:ec2:VpcEndpointServicePermissions", allowedPrincipals=["arn:aws:iam::123456789012:root", said])
    ports = {"protocol": "tcp", "fromPort": 5432, "toPort": 5432}
    for more in ({}, {"cidrs": ["0.0.0.0/0"]}, {"ipv6Cidrs": ["::/0"]}):
        yield resource(LIGHTSAIL, instanceName="i", portInfos=[{**ports, **more}])


def private() -> Iterator[Declared]:
    """Yield managed databases and brokers without one, and what serves everybody by intent."""
    yield resource("aws:rds/instance:Instance", publiclyAccessible=False, engine="postgres")
    yield resource("aws:rds/instance:Instance", engine="postgres")
    yield resource("aws:msk/cluster:Cluster", brokerNodeGroupInfo={"clientSubnets": [UNKNOWN]})
    yield resource("aws:msk/cluster:Cluster", brokerNodeGroupInfo={"connectivityInfo": {"publicAccess": {"type": "DISABLED"}}})
    yield resource("aws:msk/configuration:Configuration", serverProperties="auto.create.topics.enable=false")
    yield resource("aws:lb/listener:Listener", port=443, protocol="TLS", loadBalancerArn=UNKNOWN)
    yield resource("aws:lb/listener:Listener", port=9092, protocol="TCP", loadBalancerArn=UNKNOWN)
    yield resource("aws:lb/loadBalancer:LoadBalancer", internal=False, loadBalancerType="network")
    yield resource("aws:ec2/networkAclRule:NetworkAclRule", cidrBlock="0.0.0.0/0", fromPort=0, toPort=65535, protocol="tcp")
    yield prefix_list(["0.0.0.0/0"])
    yield resource("aws:rds/snapshot:Snapshot", sharedAccounts=["123456789012"])
    yield resource("aws:rds/snapshot:Snapshot", dbInstanceIdentifier="db")
    yield resource("aws:msk/cluster:Cluster", clientAuthentication={"sasl": {"iam": True}, "unauthenticated": False})
    named = ["arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/reader"]
    yield resource("aws:ec2/vpcEndpointService:VpcEndpointService", acceptanceRequired=False, allowedPrincipals=named)
    yield resource("aws:ec2/vpcEndpointService:VpcEndpointService", acceptanceRequired=True, allowedPrincipals=["*"])
    yield resource("aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple", principalArn=named[0])
    yield resource("aws-native:ec2:VpcEndpointServicePermissions", allowedPrincipals=named)
    yield resource(LIGHTSAIL, portInfos=[{"protocol": "tcp", "fromPort": 443, "toPort": 443}])
    yield resource(LIGHTSAIL, portInfos=[{"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrs": ["203.0.113.7/32"]}])
    yield resource(LIGHTSAIL, portInfos=[{"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrListAliases": ["lightsail-connect"]}])


def prefix_list(ranges: list[Any]) -> Declared:
    """Return a list of ranges."""
    return resource("aws:ec2/managedPrefixList:ManagedPrefixList", entries=[{"cidr": one} for one in ranges])


def aws_doors(bench: Workbench) -> Iterator[Made]:
    """Yield some of them beside a stack."""
    for at, one in enumerate((*[*open_groups()][::100], *[*public()][::3])):
        yield f"AWS: open {at}", "aws-closed", bench.with_more(one)
    for at, one in enumerate((*[*closed_groups()][::100], *private())):
        yield f"AWS: closed {at}", None, bench.with_more(one)


def code(bench: Workbench) -> Iterator[Made]:
    """Yield resources that run code at deployment."""
    for kind in ("command:local:Command", "command:remote:Command", "pulumi-python:dynamic:Resource"):
        yield f"code: {kind}", "code-seen", bench.with_more(resource(kind, create="psql -f migrate.sql"))
    yield "code: none", None, bench.with_more(resource("random:index/randomId:RandomId", byteLength=4))
