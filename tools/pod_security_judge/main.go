// Answers what Pod Security admission of Kubernetes says of a pod.
//
// Reads lines of JSON, {"level": ..., "version": ..., "pod": ...}, and prints for each a JSON list with a pair of
// reason and detail for every check that forbids the pod; compare.py asks.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type question struct {
	Level   string     `json:"level"`
	Version string     `json:"version"`
	Pod     corev1.Pod `json:"pod"`
}

func main() {
	evaluator, err := newEvaluator()
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	for lines.Scan() {
		asked := question{}
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatalf("%v in %s", err, lines.Text())
		}
		level, err := api.ParseLevel(asked.Level)
		if err != nil {
			log.Fatal(err)
		}
		version, err := api.ParseVersion(asked.Version)
		if err != nil {
			log.Fatal(err)
		}
		forbidden := [][2]string{}
		wanted := api.LevelVersion{Level: level, Version: version}
		for _, result := range evaluator.EvaluatePod(wanted, &asked.Pod.ObjectMeta, &asked.Pod.Spec) {
			if !result.Allowed {
				forbidden = append(forbidden, [2]string{result.ForbiddenReason, result.ForbiddenDetail})
			}
		}
		if err := answers.Encode(forbidden); err != nil {
			log.Fatal(err)
		}
	}
}

func newEvaluator() (policy.Evaluator, error) {
	return policy.NewEvaluator(policy.DefaultChecks())
}
