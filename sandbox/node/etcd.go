package main

import (
	"flag"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// slowRequest is how long a request may take before etcd logs it. The library's zero value would log every request.
const slowRequest = 2 * time.Second

// runEtcd serves one unreplicated etcd member with mutual TLS until it is told to stop.
//
// It does not fsync: the sandbox is thrown away after a crash of the machine, and a kill of the process loses nothing.
func runEtcd() {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	dir := flags.String("data-dir", "", "where the data is kept")
	listen := flags.String("listen", "", "URL to serve clients on, https")
	peer := flags.String("peer", "", "URL of the member itself; nobody connects to it")
	cert := flags.String("cert", "", "PEM certificate of the server")
	key := flags.String("key", "", "PEM key of the server")
	ca := flags.String("ca", "", "PEM certificate that signed the clients'")
	_ = flags.Parse(os.Args[1:])

	config := embed.NewConfig()
	config.Name = "sandbox"
	config.Dir = *dir
	config.ListenClientUrls = []url.URL{mustURL(*listen)}
	config.AdvertiseClientUrls = config.ListenClientUrls
	config.ListenPeerUrls = []url.URL{mustURL(*peer)}
	config.AdvertisePeerUrls = config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.ClientTLSInfo.CertFile = *cert
	config.ClientTLSInfo.KeyFile = *key
	config.ClientTLSInfo.TrustedCAFile = *ca
	config.ClientTLSInfo.ClientCertAuth = true
	config.PeerTLSInfo = config.ClientTLSInfo
	config.UnsafeNoFsync = true
	config.WarningUnaryRequestDuration = slowRequest
	config.LogLevel = "warn"
	config.LogOutputs = []string{"stderr"}

	server, err := embed.StartEtcd(config)
	if err != nil {
		fail("etcd", err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
		server.Close()
	case err := <-server.Err():
		fail("etcd", err)
	}
}

func mustURL(text string) url.URL {
	parsed, err := url.Parse(text)
	if err != nil {
		fail("etcd", err)
	}
	return *parsed
}
