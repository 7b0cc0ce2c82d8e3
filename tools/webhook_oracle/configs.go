package main

import (
	"encoding/json"
	"log"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	names = `{"type": "array", "items": {"type": "string", "minLength": 1}}`
	flag  = `{"type": "boolean"}`
)

var (
	fqdn      = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z]{2,})+$`)
	rdmaName  = regexp.MustCompile(`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`)
	sriovName = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_.]*)?[A-Za-z0-9]$`)

	rdmaSchema = compile(`{"type": "object", "required": ["configList"], "properties": {"configList": {
		"type": "array", "minItems": 1, "items": {
			"type": "object", "required": ["resourceName", "rdmaHcaMax"],
			"anyOf": [{"required": ["selectors"]}, {"required": ["devices"]}],
			"properties": {
				"resourceName": {"type": "string"}, "resourcePrefix": {"type": "string"},
				"rdmaHcaMax": {"type": "integer"}, "devices": ` + names + `,
				"selectors": {"type": "object", "additionalProperties": false, "minProperties": 1, "properties": {
					"vendors": ` + names + `, "deviceIDs": ` + names + `, "drivers": ` + names + `,
					"ifNames": ` + names + `, "linkTypes": ` + names + `}}}}}}}`)
	sriovSchema = compile(`{"type": "object", "required": ["resourceList"], "properties": {"resourceList": {
		"type": "array", "minItems": 1, "required": ["resourceName"], "items": {
			"type": "object", "properties": {
				"resourceName": {"type": "string"}, "resourcePrefix": {"type": "string"},
				"deviceType": {"type": "string", "enum": ["accelerator", "netDevice", "auxNetDevice"]},
				"excludeTopology": ` + flag + `,
				"selectors": {"oneOf": [{"type": "array", "items": {"type": "object"}}, {"type": "object"}]}}}}}}`)
	netDevice = selectors(map[string]string{
		"vendors": names, "devices": names, "drivers": names, "pciAddresses": names, "pfNames": names, "rootDevices": names,
		"linkTypes": names, "ddpProfiles": names, "isRdma": flag, "needVhostNet": flag, "vdpaType": `{"type": "string"}`})
	selectorSchemas = map[any]*jsonschema.Schema{
		nil: netDevice, "netDevice": netDevice,
		"auxNetDevice": selectors(map[string]string{
			"vendors": names, "devices": names, "drivers": names, "pfNames": names, "rootDevices": names,
			"linkTypes": names, "auxTypes": names, "isRdma": flag}),
		"accelerator": selectors(map[string]string{
			"vendors": names, "devices": names, "drivers": names, "pciAddresses": names}),
	}
)

func compile(text string) *jsonschema.Schema {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	if err := compiler.AddResource("mem:///schema", document); err != nil {
		log.Fatal(err)
	}
	return compiler.MustCompile("mem:///schema")
}

func selectors(properties map[string]string) *jsonschema.Schema {
	raw := map[string]json.RawMessage{}
	for name, schema := range properties {
		raw[name] = json.RawMessage(schema)
	}
	one, err := json.Marshal(map[string]any{
		"type": "object", "additionalProperties": false, "minProperties": 1, "properties": raw})
	if err != nil {
		log.Fatal(err)
	}
	return compile(`{"type": "object", "properties": {"selectors": {"oneOf": [` + string(one) +
		`, {"type": "array", "items": ` + string(one) + `}]}}}`)
}

func valid(schema *jsonschema.Schema, text string) bool {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	return err == nil && schema.Validate(value) == nil
}

// passes says whether a config is let pass; a panic of the judge is a refusal, as it is for the API server.
func passes(text string, judge func(string, map[string]any) bool) (pass bool) {
	defer func() {
		if recover() != nil {
			pass = false
		}
	}()
	var config map[string]any
	return json.Unmarshal([]byte(text), &config) == nil && judge(text, config)
}

func judgeRdma(text string, config map[string]any) bool {
	if !valid(rdmaSchema, text) {
		return false
	}
	for _, item := range config["configList"].([]any) {
		if !named(item.(map[string]any), rdmaName) {
			return false
		}
	}
	return true
}

func judgeSriov(text string, config map[string]any) bool {
	if !valid(sriovSchema, text) {
		return false
	}
	for _, item := range config["resourceList"].([]any) {
		resource := item.(map[string]any)
		again, err := json.Marshal(resource)
		if err != nil || !named(resource, sriovName) || !valid(selectorSchemas[resource["deviceType"]], string(again)) {
			return false
		}
	}
	return true
}

func named(resource map[string]any, name *regexp.Regexp) bool {
	prefix, given := resource["resourcePrefix"]
	return name.MatchString(resource["resourceName"].(string)) && (!given || fqdn.MatchString(prefix.(string)))
}
