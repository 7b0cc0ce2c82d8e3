// Command kubernetes_openapi writes the schemas of OpenAPI v3 as kube-apiserver serves them, without one that runs.
//
// It puts them together from the same generated definitions, by the same code, as the server does on start; what a
// server adds, the paths, is left out. Which Kubernetes it is, go.mod says: ./build.sh makes one for a version.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kube-openapi/pkg/builder3"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/util"
	"k8s.io/kube-openapi/pkg/validation/spec"
	generated "k8s.io/kubernetes/pkg/generated/openapi"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: kubernetes_openapi VERSION FOLDER, as v1.36.3 v1.36")
		os.Exit(2)
	}
	namer := openapi.NewDefinitionNamer(scheme.Scheme)
	config := &common.OpenAPIV3Config{
		GetDefinitions:    generated.GetOpenAPIDefinitions,
		GetDefinitionName: namer.GetDefinitionName,
	}
	for _, version := range []schema.GroupVersion{ // what a server serves by default: no betas
		{Version: "v1"},
		{Group: "apps", Version: "v1"},
		{Group: "batch", Version: "v1"},
		{Group: "resource.k8s.io", Version: "v1"},
	} {
		if err := write(config, version, os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "kubernetes_openapi:", err)
			os.Exit(1)
		}
	}
}

// write writes the document of one group and version, if this Kubernetes has it.
func write(config *common.OpenAPIV3Config, version schema.GroupVersion, release, folder string) error {
	var names []string
	for kind := range scheme.Scheme.KnownTypes(version) {
		object, err := scheme.Scheme.New(version.WithKind(kind))
		if err != nil {
			return err
		}
		name := util.GetCanonicalTypeName(object)
		if _, known := config.GetDefinitions(func(string) spec.Ref { return spec.Ref{} })[name]; known {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	schemas, err := builder3.BuildOpenAPIDefinitionsForResources(config, names...)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{
		"components": map[string]any{"schemas": schemas},
		"info":       map[string]string{"title": "Kubernetes", "version": release},
	})
	if err != nil {
		return err
	}
	file := filepath.Join(folder, "apis", version.Group, version.Version+".json")
	if version.Group == "" {
		file = filepath.Join(folder, "api", version.Version+".json")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
