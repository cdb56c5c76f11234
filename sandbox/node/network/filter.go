package network

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

var chainLine = regexp.MustCompile(`(?m)^:(\S+) `)

// hooks are the built-in chains that lead to ours: between pods, and from a pod to the node.
var hooks = []string{"FORWARD", "INPUT"}

// apply puts the rules for the cluster in force and makes sure that packets get to them.
func apply(ctx context.Context, cluster Cluster) error {
	existing, err := chains(ctx)
	if err != nil {
		return err
	}
	if _, err := run(ctx, Rules(cluster, existing), "iptables-restore", "--wait", "5", "--noflush"); err != nil {
		return err
	}
	for _, hook := range hooks {
		if _, err := run(ctx, "", "iptables", "-w", "-C", hook, "-j", dispatch); err == nil {
			continue
		}
		if _, err := run(ctx, "", "iptables", "-w", "-I", hook, "-j", dispatch); err != nil {
			return err
		}
	}
	return nil
}

// chains returns the names of the filter table's chains.
func chains(ctx context.Context) ([]string, error) {
	saved, err := run(ctx, "", "iptables-save", "-t", "filter")
	var names []string
	for _, match := range chainLine.FindAllStringSubmatch(saved, -1) {
		names = append(names, match[1])
	}
	return names, err
}

func run(ctx context.Context, input string, name string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Stdin = strings.NewReader(input)
	var problems bytes.Buffer
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, strings.TrimSpace(problems.String()))
	}
	return string(output), nil
}
