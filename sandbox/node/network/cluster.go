package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Cluster is what the rules follow from.
type Cluster struct {
	Pods       []*v1.Pod
	Namespaces []*v1.Namespace
	Policies   []*networking.NetworkPolicy
}

// endpoint is one side of an allowed connection: a pod with its ports' names, or a range of addresses.
type endpoint struct {
	address string
	pod     *v1.Pod
}

// anywhere is every address, with which a rule that names no peer is rendered.
var anywhere = endpoint{address: ""}

// running returns the pods that have an address of their own now, by address.
func (c Cluster) running() []*v1.Pod {
	var pods []*v1.Pod
	for _, pod := range c.Pods {
		if pod.Status.PodIP != "" && !pod.Spec.HostNetwork && pod.Status.Phase != v1.PodSucceeded && pod.Status.Phase != v1.PodFailed {
			pods = append(pods, pod)
		}
	}
	slices.SortFunc(pods, func(a, b *v1.Pod) int {
		return netip.MustParseAddr(a.Status.PodIP).Compare(netip.MustParseAddr(b.Status.PodIP))
	})
	return pods
}

// selecting returns the policies that isolate the pod in a direction, by name.
func (c Cluster) selecting(pod *v1.Pod, direction networking.PolicyType) []*networking.NetworkPolicy {
	var policies []*networking.NetworkPolicy
	for _, policy := range c.Policies {
		if policy.Namespace == pod.Namespace && slices.Contains(directions(policy), direction) && matches(&policy.Spec.PodSelector, pod.Labels) {
			policies = append(policies, policy)
		}
	}
	slices.SortFunc(policies, func(a, b *networking.NetworkPolicy) int { return strings.Compare(a.Name, b.Name) })
	return policies
}

// endpoints returns whom a rule of a policy names as peers. No peers means everybody.
func (c Cluster) endpoints(policy *networking.NetworkPolicy, peers []networking.NetworkPolicyPeer) []endpoint {
	if len(peers) == 0 {
		return []endpoint{anywhere}
	}
	var found []endpoint
	for _, peer := range peers {
		if peer.IPBlock != nil {
			found = append(found, block(peer.IPBlock)...)
			continue
		}
		for _, pod := range c.running() {
			if c.inNamespace(pod, policy.Namespace, peer.NamespaceSelector) && (peer.PodSelector == nil || matches(peer.PodSelector, pod.Labels)) {
				found = append(found, endpoint{address: pod.Status.PodIP, pod: pod})
			}
		}
	}
	return found
}

func (c Cluster) inNamespace(pod *v1.Pod, own string, selector *metav1.LabelSelector) bool {
	if selector == nil {
		return pod.Namespace == own
	}
	return slices.ContainsFunc(c.Namespaces, func(namespace *v1.Namespace) bool {
		return namespace.Name == pod.Namespace && matches(selector, namespace.Labels)
	})
}

// block returns a range and its exceptions as plain ranges; one of the other protocol version concerns no pod here.
func block(ip *networking.IPBlock) []endpoint {
	whole, err := netip.ParsePrefix(ip.CIDR)
	if err != nil || !whole.Addr().Is4() {
		return nil
	}
	var holes []netip.Prefix
	for _, text := range ip.Except {
		if hole, err := netip.ParsePrefix(text); err == nil && hole.Addr().Is4() {
			holes = append(holes, hole)
		}
	}
	var found []endpoint
	for _, part := range without(whole, holes) {
		found = append(found, endpoint{address: part.String()})
	}
	return found
}

// directions returns what a policy isolates. The API server fills the field in; the rule for an empty one is its rule.
func directions(policy *networking.NetworkPolicy) []networking.PolicyType {
	if len(policy.Spec.PolicyTypes) > 0 {
		return policy.Spec.PolicyTypes
	}
	if len(policy.Spec.Egress) > 0 {
		return []networking.PolicyType{networking.PolicyTypeIngress, networking.PolicyTypeEgress}
	}
	return []networking.PolicyType{networking.PolicyTypeIngress}
}

// portOf returns the number that a pod's containers give a name, or 0 when they do not.
func portOf(pod *v1.Pod, name string, protocol v1.Protocol) int32 {
	// A restartable init container is a sidecar and serves as well.
	for _, container := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		for _, port := range container.Ports {
			if port.Name == name && (port.Protocol == protocol || port.Protocol == "" && protocol == v1.ProtocolTCP) {
				return port.ContainerPort
			}
		}
	}
	return 0
}

func matches(selector *metav1.LabelSelector, set map[string]string) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(set))
}

// portMatch renders a policy's port for a destination, or tells that the destination has no port of that name.
func portMatch(port networking.NetworkPolicyPort, destination *v1.Pod) (string, bool) {
	protocol := v1.ProtocolTCP
	if port.Protocol != nil {
		protocol = *port.Protocol
	}
	match := " -p " + strings.ToLower(string(protocol))
	switch {
	case port.Port == nil:
		return match, true
	case port.Port.StrVal != "":
		if destination == nil {
			return "", false
		}
		number := portOf(destination, port.Port.StrVal, protocol)
		return fmt.Sprintf("%s --dport %d", match, number), number != 0
	case port.EndPort != nil:
		return fmt.Sprintf("%s --dport %d:%d", match, port.Port.IntVal, *port.EndPort), true
	default:
		return fmt.Sprintf("%s --dport %d", match, port.Port.IntVal), true
	}
}
