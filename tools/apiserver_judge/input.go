package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

const maxLine = 64 << 20

// readLines sends every line of the reader: {"name": ..., "object": ...}, or with "yaml" text instead of "object".
func readLines(reader io.Reader, sink func(object)) error {
	scanner := bufio.NewScanner(reader)
	scanner.Buffer(make([]byte, 1<<20), maxLine)
	for number := 1; scanner.Scan(); number++ {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		var line struct {
			Name   string
			Object json.RawMessage
			YAML   *string
		}
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if line.YAML != nil {
			sink(object{line.Name, []byte(*line.YAML), true})
		} else {
			sink(object{line.Name, line.Object, false})
		}
	}
	return scanner.Err()
}

// readFiles sends every document of the YAML and JSON files at and below the paths, named FILE#N.
func readFiles(paths []string, sink func(object)) error {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !isManifest(file) {
				return err
			}
			return readFile(file, sink)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func isManifest(file string) bool {
	suffix := strings.ToLower(filepath.Ext(file))
	return suffix == ".yaml" || suffix == ".yml" || suffix == ".json"
}

func readFile(file string, sink func(object)) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for number := 1; ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if !isBlank(document) {
			sink(object{fmt.Sprintf("%s#%d", file, number), document, true})
			number++
		}
	}
}

func isBlank(document []byte) bool {
	for _, line := range bytes.Split(document, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}
