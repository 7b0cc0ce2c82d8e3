// Command yaml_oracle prints what kubectl's reader makes of YAML.
//
// It reads texts from standard input, each after its length in bytes (32 bits, little endian), and prints one line of
// JSON for each: {"documents": [...]}, or {"error": "..."} where kubectl would stop. Numbers are those that reach the
// API server; empty documents, which kubectl skips, are left out.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	kubejson "sigs.k8s.io/json"
)

type verdict struct {
	Documents []json.RawMessage `json:"documents"`
	Error     string            `json:"error,omitempty"`
}

func main() {
	input := bufio.NewReader(os.Stdin)
	for {
		var size uint32
		if err := binary.Read(input, binary.LittleEndian, &size); err != nil {
			return
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(input, text); err != nil {
			fmt.Fprintln(os.Stderr, "yaml_oracle:", err)
			os.Exit(1)
		}
		line, err := json.Marshal(judge(text))
		if err != nil {
			fmt.Fprintln(os.Stderr, "yaml_oracle:", err)
			os.Exit(1)
		}
		fmt.Println(string(line))
	}
}

// judge reads one file as kubectl's resource builder does.
func judge(text []byte) verdict {
	result := verdict{Documents: []json.RawMessage{}}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		extension := runtime.RawExtension{}
		if err := decoder.Decode(&extension); err == io.EOF {
			return result
		} else if err != nil {
			result.Error = err.Error()
			return result
		}
		raw := bytes.TrimSpace(extension.Raw)
		if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			continue
		}
		sent, err := asSent(raw)
		if err != nil {
			result.Error = err.Error()
			return result
		}
		result.Documents = append(result.Documents, sent)
	}
}

// asSent returns an object as kubectl sends it: decoded with 64-bit integers, and encoded again.
func asSent(raw []byte) (json.RawMessage, error) {
	var value any
	if err := kubejson.UnmarshalCaseSensitivePreserveInts(raw, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}
