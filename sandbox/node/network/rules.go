package network

import (
	"fmt"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

const (
	// dispatch is the chain that every packet between pods, and from a pod to the node, passes.
	dispatch = "SANDBOX-POLICIES"
	// from and to start the names of the chains of an isolated pod, which end in its address. Both stay below the 28
	// characters that a name may have.
	from = "SANDBOX-FROM-"
	to   = "SANDBOX-TO-"
)

// Rules returns the whole rule set for `iptables-restore --noflush`: what it names is replaced, in one transaction.
//
// A packet must get past the chain of its sender, if that is isolated, and then past the chain of its receiver. In a
// pod's chain whatever is allowed returns, and the rest falls through to the refusal. Packets from the node itself pass
// neither chain: they do not go through FORWARD or INPUT.
//
// existing are the chains that the filter has already; those of pods that are gone are removed.
func Rules(cluster Cluster, existing []string) string {
	var main, chains []string
	names := []string{dispatch}
	main = append(main, "-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN")
	for _, pod := range cluster.running() {
		address := pod.Status.PodIP
		// A pod reaches itself, whatever the policies; through a service such a packet is seen here.
		itself := fmt.Sprintf("-s %s -d %s -j RETURN", address, address)
		if policies := cluster.selecting(pod, networking.PolicyTypeEgress); len(policies) > 0 {
			names = append(names, from+address)
			main = append(main, fmt.Sprintf("-s %s -j %s", address, from+address))
			chains = append(chains, chain(from+address, append([]string{itself}, cluster.egress(policies)...))...)
		}
		if policies := cluster.selecting(pod, networking.PolicyTypeIngress); len(policies) > 0 {
			names = append(names, to+address)
			main = append(main, fmt.Sprintf("-d %s -j %s", address, to+address))
			chains = append(chains, chain(to+address, append([]string{itself}, cluster.ingress(pod, policies)...))...)
		}
	}

	lines := []string{"*filter"}
	gone := stale(existing, names)
	for _, name := range slices.Concat(names, gone) {
		lines = append(lines, ":"+name+" - [0:0]")
	}
	for _, rule := range main {
		lines = append(lines, "-A "+dispatch+" "+rule)
	}
	lines = append(lines, chains...)
	for _, name := range gone {
		lines = append(lines, "-X "+name)
	}
	return strings.Join(append(lines, "COMMIT", ""), "\n")
}

// egress renders what the policies let their pods send.
func (c Cluster) egress(policies []*networking.NetworkPolicy) []string {
	var rules []string
	for _, policy := range policies {
		for _, rule := range policy.Spec.Egress {
			for _, destination := range c.endpoints(policy, rule.To) {
				rules = append(rules, c.allow("-d", destination, destination.pod, rule.Ports)...)
			}
		}
	}
	return rules
}

// ingress renders what the policies let others send to a pod.
func (c Cluster) ingress(pod *v1.Pod, policies []*networking.NetworkPolicy) []string {
	var rules []string
	for _, policy := range policies {
		for _, rule := range policy.Spec.Ingress {
			for _, source := range c.endpoints(policy, rule.From) {
				rules = append(rules, c.allow("-s", source, pod, rule.Ports)...)
			}
		}
	}
	return rules
}

// allow renders one rule for each port, or one for all ports when none is named. A port's name means what its receiver
// calls so; when any receiver will do, each pod that has the name is one.
func (c Cluster) allow(flag string, peer endpoint, receiver *v1.Pod, ports []networking.NetworkPolicyPort) []string {
	var match string
	if peer.address != "" {
		match = flag + " " + peer.address
	}
	if len(ports) == 0 {
		return []string{strings.TrimSpace(match + " -j RETURN")}
	}
	var rules []string
	for _, port := range ports {
		if named := port.Port != nil && port.Port.StrVal != ""; named && receiver == nil && peer == anywhere {
			for _, pod := range c.running() {
				rules = append(rules, c.allow(flag, endpoint{address: pod.Status.PodIP, pod: pod}, pod, []networking.NetworkPolicyPort{port})...)
			}
			continue
		}
		if text, ok := portMatch(port, receiver); ok {
			rules = append(rules, strings.TrimSpace(match+text+" -j RETURN"))
		}
	}
	return rules
}

// chain renders a pod's chain: each allowed packet once, then the refusal, which the sender notices at once.
func chain(name string, allowed []string) []string {
	var lines []string
	for _, rule := range allowed {
		if line := "-A " + name + " " + rule; !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return append(lines, "-A "+name+" -j REJECT --reject-with icmp-port-unreachable")
}

// stale returns the pods' chains that exist and are not wanted.
func stale(existing, wanted []string) []string {
	var gone []string
	for _, name := range existing {
		ours := strings.HasPrefix(name, from) || strings.HasPrefix(name, to)
		if ours && !slices.Contains(wanted, name) {
			gone = append(gone, name)
		}
	}
	return gone
}
