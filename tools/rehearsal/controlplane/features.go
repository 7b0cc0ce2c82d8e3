package main

import (
	"encoding/json"
	"fmt"
	"io"

	nfd "sigs.k8s.io/node-feature-discovery/api/nfd/v1alpha1"
	"sigs.k8s.io/node-feature-discovery/pkg/apis/nfd/nodefeaturerule"
)

// asked is what NFD's master knows when it labels nodes: its rules, and the features of each node.
type asked struct {
	Rules []nfd.NodeFeatureRule   `json:"rules"`
	Nodes map[string]nfd.Features `json:"nodes"`
}

// matchFeatures reads rules and features and writes the labels that NFD's own code gives each node.
func matchFeatures(in io.Reader, out io.Writer) error {
	var given asked
	if err := json.NewDecoder(in).Decode(&given); err != nil {
		return err
	}
	labels := map[string]map[string]string{}
	for node, features := range given.Nodes {
		labels[node] = map[string]string{}
		for _, object := range given.Rules {
			for _, rule := range object.Spec.Rules {
				result, err := nodefeaturerule.Execute(&rule, &features, true)
				if err != nil {
					return fmt.Errorf("NodeFeatureRule %s, rule %q: %w", object.Name, rule.Name, err)
				}
				for key, value := range result.Labels {
					labels[node][key] = value
				}
			}
		}
	}
	return json.NewEncoder(out).Encode(labels)
}
