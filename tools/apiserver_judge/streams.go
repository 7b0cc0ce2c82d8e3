package main

import (
	"os"
	"strings"
)

// takeStdout keeps stdout for the verdicts and sends what the server prints there to stderr.
func takeStdout() *os.File {
	stdout := os.Stdout
	os.Stdout = os.Stderr
	return stdout
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}
