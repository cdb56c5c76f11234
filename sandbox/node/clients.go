package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"data-ingestion/node/network"
	"data-ingestion/node/volumes"
)

// runVolumeProvisioner makes a directory of the node for each claim of the sandbox's storage classes.
func runVolumeProvisioner() {
	flags := flag.NewFlagSet("volume-provisioner", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	root := flags.String("root", "", "directory that holds the volumes")
	_ = flags.Parse(os.Args[1:])
	ctx := untilSignal()
	if err := volumes.Run(ctx, mustClient(*kubeconfig), *root); err != nil {
		fail("volume-provisioner", err)
	}
}

// runNetworkPolicies keeps the packet filter equal to the cluster's NetworkPolicies.
func runNetworkPolicies() {
	flags := flag.NewFlagSet("network-policies", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	_ = flags.Parse(os.Args[1:])
	ctx := untilSignal()
	if err := network.Run(ctx, mustClient(*kubeconfig)); err != nil {
		fail("network-policies", err)
	}
}

func mustClient(kubeconfig string) kubernetes.Interface {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		fail("kubeconfig "+kubeconfig, err)
	}
	// One slow queue would delay pods at start, when every object is new.
	config.QPS, config.Burst = 100, 200
	return kubernetes.NewForConfigOrDie(config)
}

func untilSignal() context.Context {
	ctx, _ := signal.NotifyContext(klog.NewContext(context.Background(), klog.Background()), syscall.SIGTERM, syscall.SIGINT)
	return ctx
}
