package network

import (
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const refused = " -j REJECT --reject-with icmp-port-unreachable"

func pod(namespace, name, address string) *v1.Pod {
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}},
		Spec: v1.PodSpec{Containers: []v1.Container{{Ports: []v1.ContainerPort{
			{Name: "web", ContainerPort: 8000, Protocol: v1.ProtocolTCP},
			{Name: "dns", ContainerPort: 53, Protocol: v1.ProtocolUDP},
		}}}},
		Status: v1.PodStatus{PodIP: address, Phase: v1.PodRunning},
	}
}

func app(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

func port(value intstr.IntOrString) networking.NetworkPolicyPort {
	return networking.NetworkPolicyPort{Port: &value}
}

func policy(spec networking.NetworkPolicySpec) *networking.NetworkPolicy {
	return &networking.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "p"}, Spec: spec}
}

func ingress(rules ...networking.NetworkPolicyIngressRule) *networking.NetworkPolicy {
	return policy(networking.NetworkPolicySpec{PodSelector: *app("server"), PolicyTypes: []networking.PolicyType{networking.PolicyTypeIngress}, Ingress: rules})
}

func egress(rules ...networking.NetworkPolicyEgressRule) *networking.NetworkPolicy {
	return policy(networking.NetworkPolicySpec{PodSelector: *app("client"), PolicyTypes: []networking.PolicyType{networking.PolicyTypeEgress}, Egress: rules})
}

// cluster is a server and a client in namespace a, and a client in namespace b.
func cluster(policies ...*networking.NetworkPolicy) Cluster {
	return Cluster{
		Pods: []*v1.Pod{pod("a", "server", "10.244.0.2"), pod("a", "client", "10.244.0.3"), pod("b", "client", "10.244.0.4")},
		Namespaces: []*v1.Namespace{
			{ObjectMeta: metav1.ObjectMeta{Name: "a"}},
			{ObjectMeta: metav1.ObjectMeta{Name: "b", Labels: map[string]string{"team": "b"}}},
		},
		Policies: policies,
	}
}

// allowed returns the matches that a pod's chain lets through, without the one for the pod itself.
func allowed(t *testing.T, rules, chain string) []string {
	t.Helper()
	var found []string
	for _, line := range strings.Split(rules, "\n") {
		if rest, ok := strings.CutPrefix(line, "-A "+chain+" "); ok && strings.HasSuffix(rest, "RETURN") {
			found = append(found, strings.TrimSpace(strings.TrimSuffix(rest, "-j RETURN")))
		}
	}
	if len(found) == 0 || !strings.Contains(rules, "-A "+chain+refused) {
		t.Fatalf("chain %s is missing or does not end in a refusal:\n%s", chain, rules)
	}
	return found[1:]
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAPodThatNoPolicySelectsHasNoChain(t *testing.T) {
	rules := Rules(cluster(ingress()), nil)
	if strings.Contains(rules, from) || strings.Contains(rules, to+"10.244.0.3") {
		t.Errorf("only the server is isolated, and only for what it receives:\n%s", rules)
	}
}

func TestAPolicyWithoutRulesAllowsNothing(t *testing.T) {
	expect(t, allowed(t, Rules(cluster(ingress()), nil), "SANDBOX-TO-10.244.0.2"))
}

func TestARuleWithoutPeersAndPortsAllowsEverything(t *testing.T) {
	expect(t, allowed(t, Rules(cluster(ingress(networking.NetworkPolicyIngressRule{})), nil), "SANDBOX-TO-10.244.0.2"), "")
}

func TestANamedPortIsTheReceivers(t *testing.T) {
	ports := []networking.NetworkPolicyPort{port(intstr.FromString("web"))}
	in := ingress(networking.NetworkPolicyIngressRule{From: []networking.NetworkPolicyPeer{{PodSelector: app("client")}}, Ports: ports})
	out := egress(networking.NetworkPolicyEgressRule{To: []networking.NetworkPolicyPeer{{PodSelector: app("server")}}, Ports: ports})
	rules := Rules(cluster(in, out), nil)
	expect(t, allowed(t, rules, "SANDBOX-TO-10.244.0.2"), "-s 10.244.0.3 -p tcp --dport 8000")
	expect(t, allowed(t, rules, "SANDBOX-FROM-10.244.0.3"), "-d 10.244.0.2 -p tcp --dport 8000")
}

func TestANamedPortOfAnotherProtocolIsNotMeant(t *testing.T) {
	ports := []networking.NetworkPolicyPort{port(intstr.FromString("dns"))}
	expect(t, allowed(t, Rules(cluster(ingress(networking.NetworkPolicyIngressRule{Ports: ports})), nil), "SANDBOX-TO-10.244.0.2"))
}

func TestANamedPortToAnybodyIsThatOfEachPod(t *testing.T) {
	out := egress(networking.NetworkPolicyEgressRule{Ports: []networking.NetworkPolicyPort{port(intstr.FromString("web"))}})
	expect(t, allowed(t, Rules(cluster(out), nil), "SANDBOX-FROM-10.244.0.3"),
		"-d 10.244.0.2 -p tcp --dport 8000", "-d 10.244.0.3 -p tcp --dport 8000", "-d 10.244.0.4 -p tcp --dport 8000")
}

func TestANamespaceSelectorMeansPodsOfThoseNamespacesOnly(t *testing.T) {
	last := int32(8002)
	ranged := port(intstr.FromInt32(8001))
	ranged.EndPort = &last
	in := ingress(networking.NetworkPolicyIngressRule{
		From: []networking.NetworkPolicyPeer{{
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "b"}},
			PodSelector:       app("client"),
		}},
		Ports: []networking.NetworkPolicyPort{ranged},
	})
	expect(t, allowed(t, Rules(cluster(in), nil), "SANDBOX-TO-10.244.0.2"), "-s 10.244.0.4 -p tcp --dport 8001:8002")
}

func TestABlockIsRenderedWithoutItsExceptions(t *testing.T) {
	out := egress(networking.NetworkPolicyEgressRule{To: []networking.NetworkPolicyPeer{
		{IPBlock: &networking.IPBlock{CIDR: "10.0.0.0/30", Except: []string{"10.0.0.1/32"}}},
		{IPBlock: &networking.IPBlock{CIDR: "fd00::/8"}},
	}})
	expect(t, allowed(t, Rules(cluster(out), nil), "SANDBOX-FROM-10.244.0.3"), "-d 10.0.0.0/32", "-d 10.0.0.2/31")
}

func TestAFinishedPodGivesItsAddressUp(t *testing.T) {
	shared := cluster(ingress())
	shared.Pods[0].Status.Phase = v1.PodSucceeded
	if rules := Rules(shared, nil); strings.Contains(rules, "10.244.0.2") {
		t.Errorf("another pod may have this address by now:\n%s", rules)
	}
}

func TestChainsOfPodsThatAreGoneAreEmptiedAndRemoved(t *testing.T) {
	rules := Rules(cluster(), []string{"INPUT", "KUBE-FORWARD", "SANDBOX-GUARD-INPUT", dispatch, "SANDBOX-TO-10.244.0.9"})
	for _, line := range []string{":SANDBOX-TO-10.244.0.9 - [0:0]", "-X SANDBOX-TO-10.244.0.9"} {
		if !strings.Contains(rules, line) {
			t.Errorf("%q is missing:\n%s", line, rules)
		}
	}
	if strings.Contains(rules, "GUARD") || strings.Contains(rules, "KUBE") {
		t.Errorf("chains of others must not be touched:\n%s", rules)
	}
}

func TestTheSameClusterGivesTheSameRulesInAnyOrder(t *testing.T) {
	one := cluster(ingress(networking.NetworkPolicyIngressRule{From: []networking.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{}}}}))
	other := one
	other.Pods = []*v1.Pod{one.Pods[2], one.Pods[1], one.Pods[0]}
	if Rules(one, nil) != Rules(other, nil) {
		t.Error("the order of a lister decides nothing")
	}
}
