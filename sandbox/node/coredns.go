package main

import (
	"flag"
	"log"
	"os"

	"github.com/coredns/caddy"
	_ "github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"
)

// runCoreDNS serves the Corefile named by -conf. No forwarding plugin is compiled in, so a name from outside the
// cluster cannot be looked up, whatever the file says.
func runCoreDNS() {
	flags := flag.NewFlagSet("coredns", flag.ExitOnError)
	conf := flags.String("conf", "/etc/coredns/Corefile", "the Corefile")
	_ = flags.Parse(os.Args[1:])

	contents, err := os.ReadFile(*conf)
	if err != nil {
		fail("coredns", err)
	}
	caddy.Quiet = true
	caddy.TrapSignals()
	log.SetOutput(os.Stdout)
	instance, err := caddy.Start(caddy.CaddyfileInput{Contents: contents, Filepath: *conf, ServerTypeName: "dns"})
	if err != nil {
		fail("coredns", err)
	}
	instance.Wait()
}
