// Command scheduler_judge asks a real kube-scheduler how many pods find a node.
//
// It reads one case a line: nodes, what runs there, and pods to place in order. It answers each with how many of each
// group found a node, in every run: the scheduler picks by chance among nodes that it likes equally well.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const maxLine = 64 << 20

// group is a number of pods that are alike.
type group struct {
	Count int    `json:"count"`
	Pod   v1.Pod `json:"pod"`
	// Selector is that of the ReplicaSet that makes them; nil where none does. Such pods are spread without being asked to.
	Selector *metav1.LabelSelector `json:"selector"`
}

// given is a case as it is read.
type given struct {
	Name       string         `json:"name"`
	Nodes      []v1.Node      `json:"nodes"`
	Namespaces []v1.Namespace `json:"namespaces"`
	Running    []v1.Pod       `json:"running"`
	Groups     []group        `json:"groups"`
	Runs       int            `json:"runs"`
}

// answer is what became of the groups of a case.
type answer struct {
	Name  string       `json:"name"`
	Nodes [][][]string `json:"nodes"`           // where the pods of each group went, for each run
	Why   []string     `json:"why"`             // of each group, what the scheduler said to the first pod that it left
	Error string       `json:"error,omitempty"` // what the API server would refuse; nothing is placed then
}

func main() {
	runs := flag.Int("runs", 1, "runs of a case that does not say how many")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: scheduler_judge [-runs N] < cases.jsonl > answers.jsonl")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*runs); err != nil {
		fmt.Fprintln(os.Stderr, "scheduler_judge:", err)
		os.Exit(1)
	}
}

func run(runs int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	j, err := newJudge(ctx)
	if err != nil {
		return err
	}
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<20), maxLine)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for number := 1; scanner.Scan(); number++ {
		var g given
		if err := json.Unmarshal(scanner.Bytes(), &g); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if g.Runs == 0 {
			g.Runs = runs
		}
		if err := encoder.Encode(j.answer(g)); err != nil {
			return err
		}
		out.Flush()
	}
	return scanner.Err()
}
