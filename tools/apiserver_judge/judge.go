package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"
)

// object is one thing to judge: JSON or YAML text as a client would send it.
type object struct {
	name string
	text []byte
	yaml bool
}

// cause is one reason of a refusal, as Status.details.causes has it.
type cause struct {
	Reason  string `json:"reason"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

// verdict is what the server said to one object.
type verdict struct {
	Name     string   `json:"name"`
	Accepted bool     `json:"accepted"`
	Status   int      `json:"status"`
	Reason   string   `json:"reason,omitempty"`
	Message  string   `json:"message,omitempty"`
	Causes   []cause  `json:"causes,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// judge sends objects to the server as dry runs.
type judge struct {
	*server
	mapper     meta.RESTMapper
	known      sync.Map // namespaces that were created or cannot be
	validation string
}

func newJudge(s *server, validation string) (*judge, error) {
	client, err := discovery.NewDiscoveryClientForConfig(s.config)
	if err != nil {
		return nil, err
	}
	groups, err := restmapper.GetAPIGroupResources(client)
	if err != nil {
		return nil, err
	}
	return &judge{server: s, mapper: restmapper.NewDiscoveryRESTMapper(groups), validation: validation}, nil
}

// header is the part of an object that says where it is sent.
type header struct {
	apiVersion, kind, namespace string
}

func (j *judge) verdict(o object) verdict {
	h, err := readHeader(o)
	if err != nil {
		return verdict{Name: o.name, Reason: "Unreadable", Message: err.Error()}
	}
	version, err := schema.ParseGroupVersion(h.apiVersion)
	if err != nil {
		return verdict{Name: o.name, Reason: "NoMatch", Message: err.Error()}
	}
	mapping, err := j.mapper.RESTMapping(version.WithKind(h.kind).GroupKind(), version.Version)
	if err != nil {
		return verdict{Name: o.name, Reason: "NoMatch", Message: err.Error()}
	}
	path := "/apis/" + version.String()
	if version.Group == "" {
		path = "/api/" + version.Version
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		path += "/namespaces/" + url.PathEscape(j.namespace(h.namespace))
	}
	path += "/" + mapping.Resource.Resource + "?dryRun=All&fieldManager=judge&fieldValidation=" + j.validation
	content := "application/json"
	if o.yaml {
		content = "application/yaml"
	}
	return j.post(o, path, content)
}

func (j *judge) post(o object, path, content string) verdict {
	status, answer, err := j.send(http.MethodPost, path, content, o.text)
	if err != nil {
		return verdict{Name: o.name, Reason: "Unsendable", Message: err.Error()}
	}
	// A conflict means that all was in order but that the name is taken, as that of namespace "default" is.
	accepted := status == http.StatusCreated || status == http.StatusConflict
	v := verdict{Name: o.name, Status: status, Accepted: accepted}
	if v.Accepted {
		return v
	}
	var body struct {
		Reason, Message string
		Details         struct{ Causes []cause }
	}
	if err := json.Unmarshal(answer, &body); err != nil {
		v.Message = string(answer)
		return v
	}
	v.Reason, v.Message, v.Causes = body.Reason, body.Message, body.Details.Causes
	return v
}

// namespace returns the namespace to send to, created before it is first used, as `kubectl` would have found it.
func (j *judge) namespace(name string) string {
	if name == "" {
		return "default"
	}
	once, _ := j.known.LoadOrStore(name, sync.OnceFunc(func() { j.createNamespace(name) }))
	once.(func())()
	return name
}

func (j *judge) createNamespace(name string) {
	text, _ := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
	})
	// An answer other than 201 or 409 is for the object itself: the server refuses it for its namespace.
	_, _, _ = j.send(http.MethodPost, "/api/v1/namespaces", "application/json", text)
}

func (s *server) send(method, path, content string, text []byte) (int, []byte, error) {
	request, err := http.NewRequest(method, s.config.Host+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if content != "" {
		request.Header.Set("Content-Type", content)
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// readHeader takes apiVersion, kind and namespace wherever they are strings; the server judges the rest.
func readHeader(o object) (header, error) {
	text := o.text
	if o.yaml {
		var err error
		if text, err = yaml.YAMLToJSON(text); err != nil {
			return header{}, err
		}
	}
	var data map[string]any
	if err := json.Unmarshal(text, &data); err != nil {
		return header{}, err
	}
	metadata, _ := data["metadata"].(map[string]any)
	word := func(from map[string]any, key string) string { value, _ := from[key].(string); return value }
	return header{word(data, "apiVersion"), word(data, "kind"), word(metadata, "namespace")}, nil
}

// createCRDs creates the CustomResourceDefinitions of the YAML files and waits until the server serves them.
func (s *server) createCRDs(documents []object) error {
	var wanted []string
	for _, document := range documents {
		text, err := yaml.YAMLToJSON(document.text)
		if err != nil {
			return fmt.Errorf("%s: %w", document.name, err)
		}
		var data struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := json.Unmarshal(text, &data); err != nil || data.Kind != "CustomResourceDefinition" {
			continue
		}
		status, answer, err := s.send(http.MethodPost, crdPath, "application/json", text)
		if err != nil || (status != http.StatusCreated && status != http.StatusConflict) {
			return fmt.Errorf("%s: status %d: %s %v", document.name, status, answer, err)
		}
		wanted = append(wanted, data.Metadata.Name)
	}
	return s.waitForCRDs(wanted)
}

const crdPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

func (s *server) waitForCRDs(names []string) error {
	deadline := time.Now().Add(startTimeout)
	for _, name := range names {
		for !s.serves(name) {
			if time.Now().After(deadline) {
				return fmt.Errorf("%s is not served after %s", name, startTimeout)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	return nil
}

// serves says whether every served version of the CRD answers a list request.
func (s *server) serves(name string) bool {
	_, answer, err := s.send(http.MethodGet, crdPath+"/"+name, "", nil)
	var crd struct {
		Spec struct {
			Group    string
			Names    struct{ Plural string }
			Versions []struct {
				Name   string
				Served bool
			}
		}
	}
	if err != nil || json.Unmarshal(answer, &crd) != nil {
		return false
	}
	for _, version := range crd.Spec.Versions {
		path := "/apis/" + crd.Spec.Group + "/" + version.Name + "/" + crd.Spec.Names.Plural
		if version.Served && !s.ok(path) {
			return false
		}
	}
	return true
}
