// Command apiserver_judge asks a real kube-apiserver for its verdict on a stream of objects.
//
// The server and its etcd run inside this process, on loopback, and every object is only a dry run:
// nothing is kept. It is the measure that aksrdma's own verdicts are held against.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
)

func main() {
	crds := flag.String("crds", "", "`folders` with CustomResourceDefinitions to create first, separated by commas")
	disabled := flag.String("disable-admission", "ServiceAccount", "admission `plugins` to leave out, separated by commas")
	validation := flag.String("field-validation", "Strict", "Strict, Warn or Ignore")
	workers := flag.Int("workers", 4, "requests in flight")
	flag.Usage = usage
	flag.Parse()
	if err := run(*crds, *disabled, *validation, *workers, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "apiserver_judge:", err)
		os.Exit(1)
	}
	os.Exit(0) // the server's own goroutines end here
}

func usage() {
	fmt.Fprintln(os.Stderr, `usage: apiserver_judge [flags] [FILE or FOLDER ...]

Without files it reads lines {"name": NAME, "object": OBJECT} or {"name": NAME, "yaml": TEXT} from stdin and answers
each with one JSON line, in the same order, as soon as it is known.`)
	flag.PrintDefaults()
}

func run(crds, disabled, validation string, workers int, paths []string) error {
	stdout := takeStdout()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := startServer(ctx, disabled)
	if err != nil {
		return err
	}
	defer s.stop()
	var definitions []object
	if err := readFiles(split(crds), func(o object) { definitions = append(definitions, o) }); err != nil {
		return err
	}
	if err := s.createCRDs(definitions); err != nil {
		return err
	}
	j, err := newJudge(s, validation)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "apiserver_judge: ready")
	return answer(j, workers, stdout, func(sink func(object)) error {
		if len(paths) > 0 {
			return readFiles(paths, sink)
		}
		return readLines(os.Stdin, sink)
	})
}

// answer judges what read sends and writes the verdicts in the order of the objects.
func answer(j *judge, workers int, stdout *os.File, read func(func(object)) error) error {
	type job struct {
		object object
		answer chan verdict
	}
	jobs, pending := make(chan job), make(chan chan verdict, 16*workers)
	for range workers {
		go func() {
			for job := range jobs {
				job.answer <- j.verdict(job.object)
			}
		}()
	}
	var writing sync.WaitGroup
	writing.Add(1)
	go func() {
		defer writing.Done()
		out := bufio.NewWriter(stdout)
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		for answer := range pending {
			_ = encoder.Encode(<-answer)
			if len(pending) == 0 {
				out.Flush()
			}
		}
		out.Flush()
	}()
	err := read(func(o object) {
		one := job{o, make(chan verdict, 1)}
		pending <- one.answer
		jobs <- one
	})
	close(jobs)
	close(pending)
	writing.Wait()
	return err
}
