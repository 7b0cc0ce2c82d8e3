// Command controlplane is a Kubernetes control plane for rehearsals, on loopback, and the kubectl that talks to it.
//
// One program holds them all, so that one build is enough; each runs as a process of its own, which ends with the
// process that started it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	_ "time/tzdata"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

var programs = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

func main() {
	if filepath.Base(os.Args[0]) == "kubectl" { // a link of that name
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			util.CheckErr(err)
		}
		return
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		fail(err)
	}
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: controlplane etcd FOLDER | match-features | kube-apiserver | kube-controller-manager | kube-scheduler [FLAGS]"))
	}
	name := os.Args[1]
	os.Args = append([]string{name}, os.Args[2:]...)
	switch name {
	case "etcd":
		fail(serveEtcd(os.Args[1]))
	case "match-features":
		fail(matchFeatures(os.Stdin, os.Stdout))
	}
	command, known := programs[name]
	if !known {
		fail(fmt.Errorf("no program %q", name))
	}
	os.Exit(cli.Run(command()))
}

func fail(err error) {
	if err == nil {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "controlplane:", err)
	os.Exit(1)
}
