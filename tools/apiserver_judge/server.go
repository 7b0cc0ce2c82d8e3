package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

const (
	token        = "judge"
	startTimeout = 2 * time.Minute
)

// server is a kube-apiserver and its etcd, both inside this process and on loopback.
type server struct {
	config *rest.Config
	client *http.Client
	folder string
}

// startServer starts etcd and kube-apiserver; disabled names the admission plugins to leave out.
func startServer(ctx context.Context, disabled string) (*server, error) {
	folder, err := os.MkdirTemp("", "apiserver-judge-")
	if err != nil {
		return nil, err
	}
	endpoint, err := startEtcd(filepath.Join(folder, "etcd"))
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	flags, err := writeSecrets(folder)
	if err != nil {
		return nil, err
	}
	flags = append(flags,
		"--etcd-servers="+endpoint,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--cert-dir="+folder,
		"--service-cluster-ip-range=10.96.0.0/12",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--authorization-mode=AlwaysAllow",
		"--disable-admission-plugins="+disabled,
		"--allow-privileged=true",
		"--profiling=false",
		"--max-requests-inflight=0",
		"--max-mutating-requests-inflight=0",
		"--enable-priority-and-fairness=false",
	)
	command := app.NewAPIServerCommand()
	command.SetArgs(flags)
	failed := make(chan error, 1)
	go func() { failed <- command.ExecuteContext(ctx) }()
	config := &rest.Config{
		Host:            fmt.Sprintf("https://127.0.0.1:%d", port),
		BearerToken:     token,
		TLSClientConfig: rest.TLSClientConfig{Insecure: true},
		QPS:             -1,
	}
	s := &server{config: config, client: httpClient(), folder: folder}
	return s, s.wait(failed)
}

// stop removes what was written; etcd and the server end with the process.
func (s *server) stop() { os.RemoveAll(s.folder) }

// wait returns when the server says that it is ready and its namespace "default" exists.
func (s *server) wait(failed <-chan error) error {
	deadline := time.Now().Add(startTimeout)
	for time.Now().Before(deadline) {
		select {
		case err := <-failed:
			return fmt.Errorf("kube-apiserver ended: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
		if s.ok("/readyz") && s.ok("/api/v1/namespaces/default") {
			return nil
		}
	}
	return fmt.Errorf("kube-apiserver is not ready after %s", startTimeout)
}

func (s *server) ok(path string) bool {
	status, _, err := s.send(http.MethodGet, path, "", nil)
	return err == nil && status == http.StatusOK
}

// startEtcd starts etcd without fsync: nothing is kept.
func startEtcd(folder string) (string, error) {
	config := embed.NewConfig()
	config.Dir = folder
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	local := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.AdvertiseClientUrls = local, local
	config.ListenPeerUrls, config.AdvertisePeerUrls = local, local
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return "", err
	}
	select {
	case <-etcd.Server.ReadyNotify():
	case <-time.After(startTimeout):
		etcd.Close()
		return "", fmt.Errorf("etcd is not ready after %s", startTimeout)
	}
	return "http://" + etcd.Clients[0].Addr().String(), nil
}

// writeSecrets writes a token and a signing key of this run alone and returns the flags that name them.
func writeSecrets(folder string) ([]string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	text, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return nil, err
	}
	keyFile, tokenFile := filepath.Join(folder, "sa.key"), filepath.Join(folder, "tokens.csv")
	if err := os.WriteFile(keyFile, text, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(tokenFile, []byte(token+",judge,judge,system:masters\n"), 0o600); err != nil {
		return nil, err
	}
	return []string{
		"--service-account-key-file=" + keyFile,
		"--service-account-signing-key-file=" + keyFile,
		"--token-auth-file=" + tokenFile,
	}, nil
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func httpClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, // a certificate made a second ago, on loopback
		MaxIdleConnsPerHost: 64,
	}}
}
