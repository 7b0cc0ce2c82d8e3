// Answers what nfd-master of Node Feature Discovery makes of NodeFeatureRules on a node with some features.
//
// Reads lines of JSON, {"objects": [NodeFeatureRule, ...], "features": the features of a NodeFeature, "times": N}, and
// prints for each the distinct answers of N runs as a JSON list: Go walks maps in a random order, on which it depends
// whether a rule fails or does not match. __main__.py asks.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"path"
	"runtime/debug"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nfdv1alpha1 "sigs.k8s.io/node-feature-discovery/api/nfd/v1alpha1"
	"sigs.k8s.io/node-feature-discovery/pkg/apis/nfd/nodefeaturerule"
	"sigs.k8s.io/node-feature-discovery/pkg/apis/nfd/validate"
)

type question struct {
	Objects  []nfdv1alpha1.NodeFeatureRule `json:"objects"`
	Features nfdv1alpha1.Features          `json:"features"`
	Times    int                           `json:"times"`
}

// result is what one rule did: its output before anything is dropped.
type result struct {
	Outcome string            `json:"outcome"`
	Labels  map[string]string `json:"labels,omitempty"`
	Vars    map[string]string `json:"vars,omitempty"`
}

// answer is what reaches the node.
type answer struct {
	Rules             []result          `json:"rules"`
	Labels            map[string]string `json:"labels"`
	Annotations       map[string]string `json:"annotations"`
	ExtendedResources map[string]string `json:"extendedResources"`
	Taints            []corev1.Taint    `json:"taints"`
}

func main() {
	if len(os.Args) > 1 {
		printVersion()
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		asked := question{}
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatalf("%v in %s", err, lines.Text())
		}
		distinct := map[string]struct{}{}
		for i := 0; i < asked.Times; i++ {
			text, err := json.Marshal(process(asked.Objects, asked.Features.DeepCopy()))
			if err != nil {
				log.Fatal(err)
			}
			distinct[string(text)] = struct{}{}
		}
		texts := []string{}
		for text := range distinct {
			texts = append(texts, text)
		}
		sort.Strings(texts)
		if _, err := out.WriteString("[" + strings.Join(texts, ",") + "]\n"); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

// printVersion says which NFD this was built with.
func printVersion() {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "sigs.k8s.io/node-feature-discovery" {
			os.Stdout.WriteString(module.Version + "\n")
		}
	}
}

// process walks the objects as processNodeFeatureRule and refreshNodeFeatures of pkg/nfd-master/nfd-master.go do.
func process(objects []nfdv1alpha1.NodeFeatureRule, features *nfdv1alpha1.Features) answer {
	sort.SliceStable(objects, func(i, j int) bool { return objects[i].Name < objects[j].Name })
	labels, annotations, resources := map[string]string{}, map[string]string{}, map[string]string{}
	found := answer{Labels: map[string]string{}, Annotations: map[string]string{}, ExtendedResources: map[string]string{}}
	for _, object := range objects {
		for _, rule := range object.Spec.Rules {
			out, err := nodefeaturerule.Execute(&rule, features, true)
			if err != nil {
				found.Rules = append(found.Rules, result{Outcome: "error"})
				continue
			}
			// MatchStatus.IsMatch of some commits before v0.18.0 is false for a rule without matchers, which matches.
			if out.Labels != nil {
				found.Rules = append(found.Rules, result{"match", clone(out.Labels), clone(out.Vars)})
			} else {
				found.Rules = append(found.Rules, result{Outcome: "no match"})
			}
			for _, taint := range out.Taints {
				if validate.Taint(&taint) == nil {
					found.Taints = append(found.Taints, taint)
				}
			}
			prefixed(out.Labels, nfdv1alpha1.FeatureLabelNs, labels)
			prefixed(out.Annotations, nfdv1alpha1.FeatureAnnotationNs, annotations)
			prefixed(out.ExtendedResources, nfdv1alpha1.ExtendedResourceNs, resources)
			features.InsertAttributeFeatures(nfdv1alpha1.RuleBackrefDomain, nfdv1alpha1.RuleBackrefFeature, out.Labels)
			features.InsertAttributeFeatures(nfdv1alpha1.RuleBackrefDomain, nfdv1alpha1.RuleBackrefFeature, out.Vars)
		}
	}
	for key, value := range labels {
		if value, there := read(value, features); there && validate.Label(key, value) == nil {
			found.Labels[key] = value
		}
	}
	for key, value := range resources {
		if value, there := read(value, features); there && validate.ExtendedResource(key, value) == nil {
			found.ExtendedResources[key] = value
		}
	}
	for key, value := range annotations {
		if validate.Annotation(key, value) == nil {
			found.Annotations[key] = value
		}
	}
	return found
}

// read is getDynamicValue: a value with an @ is that of an attribute of the node.
func read(value string, features *nfdv1alpha1.Features) (string, bool) {
	if !strings.HasPrefix(value, "@") {
		return value, true
	}
	parts := strings.SplitN(value[1:], ".", 3)
	if len(parts) != 3 {
		return "", false
	}
	element, there := features.Attributes[parts[0]+"."+parts[1]].Elements[parts[2]]
	return element, there
}

// prefixed is addNsToMapKeys: a key with a prefix goes before the same key without.
func prefixed(in map[string]string, prefix string, out map[string]string) {
	for key, value := range in {
		if strings.Contains(key, "/") {
			out[key] = value
		} else if full := path.Join(prefix, key); !contains(in, full) {
			out[full] = value
		}
	}
}

func contains(in map[string]string, key string) bool {
	_, there := in[key]
	return there
}

func clone(in map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range in {
		out[key] = value
	}
	return out
}
