"""Field types of addresses: hosts, ports, URLs and address ranges, each read by a parser."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

from stack.configs.ports import is_port

_LABEL = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
_DIGITS = re.compile(r"[0-9]+")
_LONGEST_HOST = 253
# Characters of a path by RFC 3986, without '@'; a brace would begin a template where alerts quote the URL
_IN_PATH = r"[-\w.~%!$&'()*+,;=:]"
_PATH = re.compile(rf"(/(?:{_IN_PATH}|/)*{_IN_PATH})?", re.ASCII)
# Shortest prefix of a range of public addresses: the servers of one system fill no more.
_LEAST_PREFIX = {4: 8, 6: 16}
_IN_URLS = ("?", "#", "@", "\\")


def ip_of(host: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that a host is, or None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def holds_no_server(place: IPv4Address | IPv6Address | IPv4Network | IPv6Network) -> bool:
    """Return whether an address or a range is none at which a pod reaches a server: loopback, link-local, multicast or unspecified."""
    return place.is_loopback or place.is_link_local or place.is_multicast or place.is_unspecified


def is_inside(host: str, ranges: tuple[str, ...]) -> bool:
    """Return whether a host can have an address in one of the ranges; a name can."""
    address = ip_of(host)
    return address is None or any(address in ip_network(one) for one in ranges)


def host_of(server: str) -> str:
    """Return the host of a URL or of ``host:port``."""
    return urlsplit(server if "://" in server else f"//{server}").hostname or ""


def port_of(url: str) -> int:
    """Return the TCP port of a URL, or the default port of its scheme."""
    parts = urlsplit(url)
    return parts.port or {"http": 80, "https": 443}[parts.scheme]


def _host_fault(host: str) -> str | None:
    """Return why a text is no host that a client can connect to, or None."""
    labels = host.split(".")
    if _DIGITS.fullmatch(labels[-1]):
        try:
            address = IPv4Address(host)
        except AddressValueError:
            return "is no IPv4 address: four numbers from 0 to 255 with dots between them"
        if address.is_unspecified or address.is_multicast or address.is_reserved:
            return "is no address of one machine"
        return None
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        return (
            "is no host name: its parts have 1 to 63 letters, digits and hyphens each, with dots between them, and begin and end with a "
            "letter or digit"
        )
    return None


def _host(value: str) -> str:
    fault = _host_fault(value)
    if fault:
        message = f"{fault}; write a host name or an IPv4 address, without scheme and port, such as db.example.com"
        raise ValueError(message)
    return value


def _host_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not is_port(port) or _host_fault(host):
        message = "must be host:port with a port from 1 to 65535, such as kafka-1.example.com:9096"
        raise ValueError(message)
    return value


def _authority(value: str) -> SplitResult | None:
    """Return the parts of an HTTP URL without user, password, query and fragment, or None."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or any(mark in value for mark in _IN_URLS) or not value.isascii() or not value.isprintable():
        return None
    written = parts.netloc.removeprefix(f"[{host}]") if ":" in host else parts.netloc[len(host) :]
    if written and not (written.startswith(":") and is_port(written[1:])):
        return None
    return parts


def _url(value: str) -> str:
    parts = _authority(value)
    if parts is None or _host_fault(parts.hostname or "") or not _PATH.fullmatch(parts.path) or " " in value:
        message = "must be a URL such as https://schemas.example.com:8081/api, without user, password, query and trailing slash"
        raise ValueError(message)
    return value


def _origin(value: str) -> str:
    """Return a URL without path, whose host may be an IPv6 address as well."""
    parts = _authority(value)
    host = (parts.hostname or "") if parts else ""
    if parts is None or parts.path or " " in value or (":" not in host and _host_fault(host)):
        message = "must be a URL such as http://127.0.0.1:4566, without user, password, path and trailing slash"
        raise ValueError(message)
    return value


def _cidr(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        message = f"is not an address range{_beside(value)}; write it as network/prefix, for example 172.18.0.0/16"
        raise ValueError(message) from None


def _beside(value: str) -> str:
    """Return the range in which a host with a prefix is, for a message; never the value, which may be a login in a wrong place."""
    try:
        return f" but a host in {ip_network(value, strict=False)}"
    except ValueError:
        return ""


def _egress(value: str) -> str:
    network = ip_network(_cidr(value))
    if holds_no_server(network):
        message = f"{value} holds no server that a pod can reach; write the ranges of the servers, for example 10.20.0.0/16"
        raise ValueError(message)
    least = _LEAST_PREFIX[network.version]
    if network.prefixlen < least and not network.is_private:
        message = (
            f"{value} is more than a network of servers, and pods may connect to all of it; write ranges of /{least} or smaller, as "
            "the provider of the server lists them"
        )
        raise ValueError(message)
    return str(network)


# A host name or an IPv4 address, without scheme and port.
HostName = Annotated[str, AfterValidator(_host), Field(json_schema_extra={"maxLength": _LONGEST_HOST})]

# A host and its TCP port, host:port.
HostPort = Annotated[str, AfterValidator(_host_port)]

# An HTTP URL without user, password, query and trailing slash.
HttpUrl = Annotated[str, AfterValidator(_url)]

# An HTTP URL of a host and port only.
HttpOrigin = Annotated[str, AfterValidator(_origin)]

# An address range such as 10.0.0.0/8.
Cidr = Annotated[str, AfterValidator(_cidr)]

# An address range of servers to which pods may connect.
ServerRange = Annotated[str, AfterValidator(_egress)]
