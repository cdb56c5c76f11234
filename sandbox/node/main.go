// Command node is a whole single-node Kubernetes in one file: every component is an applet, chosen by the name the
// program is called by or by its first argument.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// applets maps the name of a component to what runs it. Each one reads its own flags from os.Args.
var applets = map[string]func(){
	"coredns":                 runCoreDNS,
	"etcd":                    runEtcd,
	"kube-apiserver":          runAPIServer,
	"kube-controller-manager": runControllerManager,
	"kube-proxy":              runProxy,
	"kube-scheduler":          runScheduler,
	"kubectl":                 runKubectl,
	"kubelet":                 runKubelet,
	"network-policies":        runNetworkPolicies,
	"volume-provisioner":      runVolumeProvisioner,
}

func main() {
	if run, ok := applets[filepath.Base(os.Args[0])]; ok {
		run()
		return
	}
	if len(os.Args) > 1 {
		if run, ok := applets[os.Args[1]]; ok {
			os.Args = os.Args[1:]
			run()
			return
		}
	}
	names := make([]string, 0, len(applets))
	for name := range applets {
		names = append(names, name)
	}
	slices.Sort(names)
	fmt.Fprintf(os.Stderr, "usage: node APPLET [FLAG...]\napplets: %s\n", strings.Join(names, ", "))
	os.Exit(2)
}

// fail ends the program with one line that says what could not be done.
func fail(doing string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", doing, err)
	os.Exit(1)
}
