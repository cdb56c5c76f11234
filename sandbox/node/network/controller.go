// Package network enforces NetworkPolicies with the packet filter of the node.
//
// A new pod has no rules of its own until the kubelet has told its address, about a fifth of a second after it starts;
// others that are isolated refuse it from the start, as they let in only whom they know.
package network

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

const (
	// gather is how long changes are collected before the rules are renewed: a rollout changes many pods at a time.
	gather = 10 * time.Millisecond
	// verify is how often the rules are renewed without a change, in case somebody else removed them.
	verify = 30 * time.Second
	// retry is the pause after a failure.
	retry = time.Second
)

// Run keeps the rules equal to the policies until the context ends.
func Run(ctx context.Context, client kubernetes.Interface) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()

	changed := make(chan struct{}, 1)
	note := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { note() },
			UpdateFunc: func(any, any) { note() },
			DeleteFunc: func(any) { note() },
		}); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	read := func() Cluster {
		// A lister over a synchronised cache returns no errors.
		allPods, _ := pods.Lister().List(labels.Everything())
		allNamespaces, _ := namespaces.Lister().List(labels.Everything())
		allPolicies, _ := policies.Lister().List(labels.Everything())
		return Cluster{Pods: allPods, Namespaces: allNamespaces, Policies: allPolicies}
	}
	keep(ctx, changed, read)
	return nil
}

// keep renews the rules after each change that matters to them, and now and then without one.
func keep(ctx context.Context, changed <-chan struct{}, read func() Cluster) {
	var applied string
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		forced := false
		select {
		case <-ctx.Done():
			return
		case <-changed:
			time.Sleep(gather)
		case <-timer.C:
			forced = true
		}
		cluster := read()
		wanted := Rules(cluster, nil)
		if !forced && wanted == applied {
			continue
		}
		timer.Reset(verify)
		if err := apply(ctx, cluster); err != nil {
			klog.ErrorS(err, "The rules for the network policies are not in force")
			applied = ""
			timer.Reset(retry)
			continue
		}
		if wanted != applied {
			klog.InfoS("Rules in force", "pods", len(cluster.running()), "policies", len(cluster.Policies))
		}
		applied = wanted
	}
}
