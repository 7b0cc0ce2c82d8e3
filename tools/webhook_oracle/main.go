// Answers, with the Go libraries that the operator's webhook uses, whether a text is let pass.
//
// Reads lines of JSON, ["question", "text"], and prints true or false for each; compare.py asks.
package main

import (
	"bufio"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/json"
	"fmt"
	"log"
	"math/big"
	"os"
	"regexp"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
)

// The driver's version, as the operator writes its patterns.
var (
	plainVersion = regexp.MustCompile(`^(\d+\.\d+-\d+(\.\d+)*(-\d+)?)$`)
	docaVersion  = regexp.MustCompile(
		`^(doca\d+\.\d+\.\d+-\d+\.\d+-\d+\.\d+\.\d+\.\d+-\d+|\d+\.\d+-\d+(\.\d+)*(-\d+)?)$`)
	anyVersion = regexp.MustCompile(`^(sha256:[a-fA-F0-9]{64}` +
		`|doca\d+\.\d+(\.\d+)?-\d+\.\d+-\d+\.\d+\.\d+\.\d+-\d+(-[\w\.\-]+)*` +
		`|\d+\.\d+-\d+(\.\d+)*(-\d+)?(-[\w\.\-]+)*)$`)
	guid = regexp.MustCompile(`^([0-9A-Fa-f]{2}:){7}([0-9A-Fa-f]{2})$`)
)

var answers = map[string]func(string) bool{
	"repository": func(text string) bool { _, err := reference.ParseNormalizedNamed(text); return err == nil },
	"subdomain":  func(text string) bool { return len(validation.IsDNS1123Subdomain(text)) == 0 },
	"selector":   func(text string) bool { _, err := labels.Parse(text); return err == nil },
	"quantity":   decodes,
	"integer":    func(text string) bool { number, ok := new(big.Rat).SetString(text); return ok && number.IsInt() },
	"v25.4.0":    plainVersion.MatchString,
	"v25.7.0":    docaVersion.MatchString,
	"v26.4.1":    anyVersion.MatchString,
	"guid":       guid.MatchString,
	"rdma":       func(text string) bool { return passes(text, judgeRdma) },
	"sriov":      func(text string) bool { return passes(text, judgeSriov) },
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	for lines.Scan() {
		var question [2]string
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			log.Fatalf("%v in %s", err, lines.Text())
		}
		fmt.Println(answers[question[0]](question[1]))
	}
}

// decodes says whether a quantity can be read from JSON, where blanks around it are let pass.
func decodes(text string) bool {
	quoted, err := json.Marshal(text)
	return err == nil && new(resource.Quantity).UnmarshalJSON(quoted) == nil
}
